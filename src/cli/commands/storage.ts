import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'storage',
  summary: 'list and remove web storage: localStorage, sessionStorage and IndexedDB',
  takesSession: true,
  subcommands: [
    {
      name: 'list',
      summary: 'list the keys of an origin, of a host, or all keys, without values',
      operands: [
        {
          name: '[place]',
          summary: 'an origin such as https://app.example.com, or a host and the hosts below it',
        },
      ],
      load: () => import('./storage/list.ts'),
    },
    {
      name: 'rm',
      summary: 'remove the web storage of an origin, of a host, or of all sites',
      operands: [
        {
          name: '[place]',
          summary: 'an origin such as https://app.example.com, or a host and the hosts below it',
        },
      ],
      options: [
        { flags: '--all', summary: 'remove the web storage of all sites; tokens and cookies stay' },
        { flags: '--yes', summary: 'do not ask' },
      ],
      examples: ['hallpass storage rm https://app.example.com', 'hallpass storage rm example.com --yes'],
      load: () => import('./storage/rm.ts'),
    },
  ],
}
