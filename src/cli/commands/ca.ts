import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'ca',
  summary: 'the certificate authority of this installation',
  about:
    'Clients that go through the proxy see certificates of this authority, made on this machine and for it alone. ' +
    'What "run" starts and what "env" is evaluated for trusts it already; for anything else, hand it the path.',
  subcommands: [
    {
      name: 'show',
      summary: 'print its name, fingerprint and validity',
      load: () => import('./ca/show.ts'),
    },
    {
      name: 'path',
      summary: 'print the path of its certificate (PEM)',
      examples: ['export NODE_EXTRA_CA_CERTS="$(hallpass ca path)"'],
      load: () => import('./ca/path.ts'),
    },
    {
      name: 'bundle',
      summary: "write the system's roots and this one to one file, and print its path",
      examples: ['export SSL_CERT_FILE="$(hallpass ca bundle)"'],
      load: () => import('./ca/bundle.ts'),
    },
    {
      name: 'rotate',
      summary: 'make a new authority; what was told to trust the old one must be told again',
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./ca/rotate.ts'),
    },
  ],
}
