import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'cookie',
  summary: 'list, set, print and remove cookies of the session',
  takesSession: true,
  subcommands: [
    {
      name: 'list',
      summary: 'list the cookies of a site, or of all sites, without values',
      operands: [{ name: '[site]', summary: 'a host: its cookies and those of the hosts below it' }],
      options: [{ flags: '--reveal', summary: 'also print the values' }],
      examples: ['hallpass cookie list example.com', 'hallpass cookie list --json'],
      load: () => import('./cookie/list.ts'),
    },
    {
      name: 'set',
      summary: 'store a cookie, as if a response of the URL had set it',
      about:
        'The value comes from stdin or a hidden prompt. A cookie that a browser would refuse is refused, and the error names the rule.',
      operands: [
        { name: '<url>', summary: 'the URL that sets the cookie' },
        { name: '<name>', summary: 'the name of the cookie' },
      ],
      options: [
        {
          flags: '--domain <domain>',
          summary: 'send it to this domain and the hosts below it (default: only to the host)',
        },
        { flags: '--path <path>', summary: 'send it to this path and the paths below it (default: /)' },
        { flags: '--max-age <seconds>', summary: 'how long it lives (default: until you remove it)' },
        { flags: '--secure', summary: 'send it only over https' },
        { flags: '--http-only', summary: 'hide it from scripts and, by default, from tools' },
        {
          flags: '--same-site <rule>',
          summary: 'which requests of other sites carry it',
          choices: ['strict', 'lax', 'none'],
        },
      ],
      examples: ['printf %s "$SID" | hallpass cookie set app.example.com sid --secure'],
      load: () => import('./cookie/set.ts'),
    },
    {
      name: 'get',
      summary: 'print the value of the cookie that a request to the URL would carry',
      about: 'A pipe or a file gets the exact bytes. On a terminal, control characters are made visible.',
      operands: [
        { name: '<url>', summary: 'the URL of the request' },
        { name: '<name>', summary: 'the name of the cookie' },
      ],
      options: [{ flags: '--reveal', summary: 'with --json: also the value' }],
      load: () => import('./cookie/get.ts'),
    },
    {
      name: 'rm',
      summary: 'remove the cookies of a site, one of them, or the cookies of all sites',
      about: 'With its last cookie the session forgets the site and captures no new cookies of it.',
      operands: [
        { name: '[site]', summary: 'a host: its cookies and those of the hosts below it' },
        { name: '[name]', summary: 'remove only the cookie of this name' },
      ],
      options: [
        { flags: '--all', summary: 'remove the cookies of all sites; tokens and web storage stay' },
        { flags: '--yes', summary: 'do not ask' },
      ],
      examples: ['hallpass cookie rm example.com', 'hallpass cookie rm --all --yes'],
      load: () => import('./cookie/rm.ts'),
    },
  ],
}
