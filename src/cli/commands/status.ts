import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'status',
  summary: 'show the proxy and the parts of the installation, and how to mend a broken part',
  about: 'Exits with 1 when no proxy runs.',
  load: () => import('./status/show.ts'),
}
