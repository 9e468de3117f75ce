import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'storage',
  summary: 'web storage of the session: localStorage, sessionStorage and IndexedDB, by origin',
  takesSession: true,
  subcommands: [
    {
      name: 'list',
      summary: 'print the keys of an origin, of a host, or all; never a value',
      operands: [
        {
          name: '[place]',
          summary: 'an origin as https://app.example.com, or a host with the hosts below it',
        },
      ],
      load: () => import('./storage/list.ts'),
    },
    {
      name: 'rm',
      summary: 'remove the web storage of an origin or of a host',
      operands: [
        {
          name: '<place>',
          summary: 'an origin as https://app.example.com, or a host with the hosts below it',
        },
      ],
      options: [{ flags: '--yes', summary: 'do not ask' }],
      examples: ['hallpass storage rm https://app.example.com', 'hallpass storage rm example.com --yes'],
      load: () => import('./storage/rm.ts'),
    },
  ],
}
