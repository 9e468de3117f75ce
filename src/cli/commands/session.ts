import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'session',
  summary: 'the sessions: each with its own cookies and credentials',
  about: 'The session "default" is always there. --session NAME chooses another one, with every command.',
  subcommands: [
    {
      name: 'list',
      summary: 'print the sessions, and how much each holds',
      load: () => import('./session/list.ts'),
    },
    {
      name: 'show',
      summary: 'print what a session holds, by name and never with values',
      takesSession: true,
      operands: [{ name: '[name]', summary: 'the session (default: the one of --session)' }],
      load: () => import('./session/show.ts'),
    },
    {
      name: 'create',
      summary: 'make a session, and print its name',
      about:
        'Without a name it is temporary: it gets a name of its own (sess_…) and goes after a day, or after --ttl.',
      operands: [{ name: '[name]', summary: 'lower-case letters, digits, ".", "_" and "-"' }],
      options: [{ flags: '--ttl <time>', summary: 'how long it lives, as 90s, 30m, 2h or 7d' }],
      examples: ['hallpass session create work', 'session=$(hallpass session create --ttl 2h)'],
      load: () => import('./session/create.ts'),
    },
    {
      name: 'rm',
      summary: 'remove a session with everything in it; the default one is emptied',
      operands: [{ name: '<name>', summary: 'the session' }],
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./session/rm.ts'),
    },
  ],
}
