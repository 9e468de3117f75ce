import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'start',
  summary: 'run the proxy, and print the one line to paste',
  about: `In the foreground until Ctrl-C. The printed line holds the session's client token, which survives a restart.`,
  options: [
    { flags: '--background', summary: 'detach, and come back when the proxy answers' },
    { flags: '--listen <host:port>', summary: 'the address to listen on (default: 127.0.0.1:8787)' },
    {
      flags: '--listen-beyond-loopback',
      summary: 'let --listen, or the configuration, name an address that other machines can reach',
    },
    {
      flags: '--capture [host...]',
      summary: 'take in new cookies of these hosts; of all hosts when none is named',
    },
    { flags: '--no-auth', summary: 'let every process of this machine use the session (loopback only)' },
  ],
  examples: ['hallpass start --background', 'hallpass start --capture app.example.com'],
  load: () => import('./start/start.ts'),
}
