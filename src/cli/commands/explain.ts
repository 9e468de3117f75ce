import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'explain',
  summary: 'show what a request to a URL would carry, what it would not, and why',
  takesSession: true,
  about: 'Sends nothing and shows no values.',
  operands: [{ name: '<url>', summary: 'the URL of the request' }],
  options: [
    { flags: '--method <method>', summary: 'the method of the request (default: GET)' },
    { flags: '--from <page>', summary: 'the web page that makes the request, in a browser' },
  ],
  examples: [
    'hallpass explain https://app.example.com/me',
    'hallpass explain --method POST api.example.com/issues',
    'hallpass explain --from https://other.example app.example.com',
  ],
  load: () => import('./explain/explain.ts'),
}
