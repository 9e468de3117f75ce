import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'doctor',
  summary: 'check this installation, and print a remedy for each problem',
  about:
    'Also sends a request through a test proxy with each of curl, wget, Node, git and Python that is installed. ' +
    'Exits with 1 when something stops you; a note stops nobody.',
  options: [
    { flags: '--repair', summary: 'move damaged records aside; asks first' },
    { flags: '--yes', summary: 'with --repair: do not ask' },
  ],
  load: () => import('./doctor/examine.ts'),
}
