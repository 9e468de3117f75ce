import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'doctor',
  summary: 'check this installation: one fact a line, one remedy',
  about:
    'Ends with a trip through a proxy of its own by each of curl, wget, Node, git and Python that is there. ' +
    'Exits 1 when something is broken.',
  options: [
    { flags: '--repair', summary: 'set damaged records aside, after asking' },
    { flags: '--yes', summary: 'with --repair: do not ask' },
  ],
  load: () => import('./doctor/examine.ts'),
}
