import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'stop',
  summary: 'stop the running proxy',
  load: () => import('./stop/stop.ts'),
}
