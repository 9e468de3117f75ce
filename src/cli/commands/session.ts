import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'session',
  summary: 'list, show, create, check and remove sessions',
  about:
    'Each session has its own cookies, web storage and credentials. The session "default" always exists. With any command, ' +
    '--session NAME chooses another one.',
  subcommands: [
    {
      name: 'list',
      summary: 'list the sessions and how much each holds',
      load: () => import('./session/list.ts'),
    },
    {
      name: 'show',
      summary: 'show what a session holds, without values',
      takesSession: true,
      operands: [{ name: '[name]', summary: 'the session (default: that of --session)' }],
      load: () => import('./session/show.ts'),
    },
    {
      name: 'create',
      summary: 'create a session and print its name',
      about:
        'A session without a name is temporary: it gets a name (sess_…) and is removed a day after its last use, or --ttl after it.',
      operands: [{ name: '[name]', summary: 'lower-case letters, digits, ".", "_" and "-"' }],
      options: [
        { flags: '--ttl <time>', summary: 'how long it lives after its last use: 90s, 30m, 2h, 7d' },
        { flags: '--no-renew', summary: 'count --ttl from now: no use makes its life longer' },
        { flags: '--user-agent <text>', summary: 'the User-Agent of its windows' },
        { flags: '--viewport <size>', summary: 'the size of the pages of its windows: 1280x800' },
        { flags: '--locale <tag>', summary: 'the language of its windows: en-GB, de-CH' },
        { flags: '--time-zone <name>', summary: 'the time zone of its windows: Europe/Zurich' },
        { flags: '--field <key=value...>', summary: 'a note of your own, not sealed' },
      ],
      examples: [
        'hallpass session create work',
        'session=$(hallpass session create --ttl 2h)',
        'hallpass session create swiss --locale de-CH \\\n    --time-zone Europe/Zurich --field owner=ada',
      ],
      load: () => import('./session/create.ts'),
    },
    {
      name: 'clone',
      summary: 'make a session with the contents of another one, and print its name',
      about:
        'Copies cookies, web storage, credentials, fields and what windows show. Without a name the clone is temporary. The browser ' +
        'profile and client tokens are not copied. Neither are refresh tokens: a server would end both logins when a second session ' +
        'uses one. An access token works in the clone until it expires. Then the clone needs a login of its own.',
      operands: [
        { name: '<from>', summary: 'the session to copy' },
        { name: '[to]', summary: 'the name of the clone' },
      ],
      examples: ['hallpass session clone work work2', 'session=$(hallpass session clone work)'],
      load: () => import('./session/clone.ts'),
    },
    {
      name: 'extend',
      summary: 'let a session that expires live longer',
      takesSession: true,
      operands: [{ name: '[name]', summary: 'the session (default: that of --session)' }],
      options: [{ flags: '--by <time>', summary: 'how much longer: 90s, 30m, 2h, 7d' }],
      examples: ['hallpass session extend work --by 2h'],
      load: () => import('./session/extend.ts'),
    },
    {
      name: 'touch',
      summary: 'note a use of a session, which renews its life',
      takesSession: true,
      about: 'The proxy and the library do this by themselves, at most once a minute.',
      operands: [{ name: '[name]', summary: 'the session (default: that of --session)' }],
      load: () => import('./session/touch.ts'),
    },
    {
      name: 'check',
      summary: 'ask sites whether the logins of the session are alive',
      takesSession: true,
      about:
        'The probes are in the configuration, under health:. Prints a line for each site. The exit status is 4 when a login has ' +
        'ended, and 6 when a site could not be asked.',
      operands: [
        { name: '[sites...]', summary: 'the sites (default: all of the session that have a probe)' },
      ],
      examples: ['hallpass session check', 'hallpass session check example.com --session work'],
      load: () => import('./session/check.ts'),
    },
    {
      name: 'mark',
      summary: 'say by hand whether the login at a site is alive',
      takesSession: true,
      operands: [
        { name: '<site>', summary: 'the site' },
        { name: '<state>', summary: 'ok or needs-login', choices: ['ok', 'needs-login'] },
      ],
      examples: ['hallpass session mark example.com needs-login'],
      load: () => import('./session/mark.ts'),
    },
    {
      name: 'prune',
      summary: 'remove the sessions that have expired, with everything in them',
      about: 'A running proxy does this by itself, every 5 minutes (sessionSweep).',
      load: () => import('./session/prune.ts'),
    },
    {
      name: 'token',
      summary: 'the client token that "hallpass env" gives out',
      takesSession: true,
      subcommands: [
        {
          name: 'rotate',
          summary: 'replace the client token, and close the connections of the old one',
          about:
            'Tools that have the old token get 407 from then on. The commands that "hallpass run" has started go on: they have ' +
            'tokens of their own. Every client token ends when the proxy stops.',
          operands: [{ name: '[name]', summary: 'the session (default: that of --session)' }],
          load: () => import('./session/rotate-token.ts'),
        },
      ],
    },
    {
      name: 'rm',
      summary: 'remove a session and everything in it; "default" is emptied',
      operands: [{ name: '<name>', summary: 'the session' }],
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./session/rm.ts'),
    },
  ],
}
