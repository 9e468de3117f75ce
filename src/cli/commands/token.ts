import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'token',
  summary: 'credentials: bearer, basic, header, query, mirror',
  about:
    'A value comes from stdin or a hidden prompt, never from the command line, where every process of this machine could read it.',
  subcommands: [
    {
      name: 'set',
      summary: 'keep a credential, or give one a new value',
      about:
        'Without --kind the credential keeps what it is, or is what the configuration says, and only its value changes. ' +
        'For basic the value is user:password, or {"user":…,"password":…}. A mirror has no value of its own.',
      operands: [{ name: '<name>', summary: 'what to call it' }],
      options: [
        {
          flags: '--kind <kind>',
          summary: 'how it authenticates a request',
          choices: ['bearer', 'basic', 'header', 'query', 'mirror'],
        },
        {
          flags: '--host <host...>',
          summary: 'where it goes: example.com, *.example.com, with :port or without',
        },
        { flags: '--header <name>', summary: 'the header it goes in (header, mirror)' },
        { flags: '--param <name>', summary: 'the query parameter it goes in (query)' },
        { flags: '--cookie <name>', summary: 'the cookie it is copied from (mirror)' },
        { flags: '--allow-http', summary: 'over plain http too' },
        { flags: '--no-override', summary: 'leave alone what the client itself sends in that place' },
      ],
      examples: [
        'printf %s "$TOKEN" | hallpass token set api --kind bearer --host api.example.com',
        'hallpass token set maps --kind query --param key --host maps.example.com',
        'hallpass token set csrf --kind mirror --cookie ct0 --header x-csrf-token --host "*.social.example"',
      ],
      load: () => import('./token/set.ts'),
    },
    {
      name: 'get',
      summary: 'print the value of a credential',
      operands: [{ name: '<name>', summary: 'which one' }],
      options: [{ flags: '--reveal', summary: 'with --json: the value too' }],
      load: () => import('./token/get.ts'),
    },
    {
      name: 'list',
      summary: 'print what credentials there are, without their values',
      load: () => import('./token/list.ts'),
    },
    {
      name: 'rm',
      summary: 'remove a credential from the session',
      operands: [{ name: '<name>', summary: 'which one' }],
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./token/rm.ts'),
    },
  ],
}
