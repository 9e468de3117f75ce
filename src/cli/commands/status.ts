import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'status',
  summary: 'what runs, where its parts are, and what to type where something is amiss',
  about: 'Exits 1 when no proxy runs.',
  load: () => import('./status/show.ts'),
}
