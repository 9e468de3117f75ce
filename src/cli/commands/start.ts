import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'start',
  summary: 'run the proxy, and print the one line to paste',
  about:
    'The proxy runs in the foreground until Ctrl-C. Paste the printed line into another terminal: tools that you start there go ' +
    'through the proxy.',
  options: [
    { flags: '--background', summary: 'run in the background; return when the proxy answers' },
    { flags: '--listen <host:port>', summary: 'the address to listen on (default: 127.0.0.1:8787)' },
    {
      flags: '--listen-beyond-loopback',
      summary: 'let --listen, or the configuration, name an address that other machines can reach',
    },
    {
      flags: '--capture [host...]',
      summary: 'also keep new cookies of these hosts (default: of all hosts)',
    },
    {
      flags: '--no-auth',
      summary: 'ask for no client token: every process of this machine can use the session',
    },
  ],
  examples: ['hallpass start --background', 'hallpass start --capture app.example.com'],
  load: () => import('./start/start.ts'),
}
