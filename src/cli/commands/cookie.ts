import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'cookie',
  summary: 'single cookies of the session',
  takesSession: true,
  subcommands: [
    {
      name: 'list',
      summary: 'print the cookies of a site, or of all, without their values',
      operands: [{ name: '[site]', summary: 'a host; its cookies and those of the hosts below it' }],
      options: [{ flags: '--reveal', summary: 'print the values too' }],
      examples: ['hallpass cookie list example.com', 'hallpass cookie list --json'],
      load: () => import('./cookie/list.ts'),
    },
    {
      name: 'set',
      summary: 'keep a cookie, as if a response of the URL had set it',
      about:
        'The value comes from stdin or a hidden prompt. What a browser would refuse is refused, with the rule.',
      operands: [
        { name: '<url>', summary: 'the URL that sets it' },
        { name: '<name>', summary: 'its name' },
      ],
      options: [
        {
          flags: '--domain <domain>',
          summary: 'send it to this domain and the hosts below it (default: to the host alone)',
        },
        { flags: '--path <path>', summary: 'send it to this path and what is below it (default: /)' },
        { flags: '--max-age <seconds>', summary: 'how long it lives (default: until it is removed)' },
        { flags: '--secure', summary: 'over https alone' },
        { flags: '--http-only', summary: 'hidden from scripts, and by default from clients' },
        {
          flags: '--same-site <rule>',
          summary: 'what other sites may start',
          choices: ['strict', 'lax', 'none'],
        },
      ],
      examples: ['printf %s "$SID" | hallpass cookie set https://app.example.com/ sid --secure --http-only'],
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
      options: [{ flags: '--reveal', summary: 'with --json: the value too' }],
      load: () => import('./cookie/get.ts'),
    },
    {
      name: 'rm',
      summary: 'remove the cookies of a site, or one of them',
      about:
        'With the last cookie the session forgets that it knows the site: nothing more is captured of it.',
      operands: [
        { name: '<site>', summary: 'a host; its cookies and those of the hosts below it' },
        { name: '[name]', summary: 'this one alone' },
      ],
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./cookie/rm.ts'),
    },
  ],
}
