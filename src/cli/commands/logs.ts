import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'logs',
  summary: 'the last requests and events: by name, never with values',
  about: 'With --json there is one document a line.',
  options: [
    { flags: '--lines <count>', summary: 'how many of the last lines (default: 50)' },
    { flags: '--follow', summary: 'go on with what comes, until Ctrl-C' },
  ],
  examples: ['hallpass logs --follow', 'hallpass logs --lines 1000 --json'],
  load: () => import('./logs/show.ts'),
}
