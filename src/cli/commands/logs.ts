import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'logs',
  summary: 'print the last requests and events, without any values',
  about: 'With --json each line is one document.',
  options: [
    { flags: '--lines <count>', summary: 'how many lines to print (default: 50)' },
    { flags: '--follow', summary: 'also print new lines as they come, until Ctrl-C' },
  ],
  examples: ['hallpass logs --follow', 'hallpass logs --lines 1000 --json'],
  load: () => import('./logs/show.ts'),
}
