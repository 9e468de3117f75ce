import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'ca',
  summary: 'show and rotate the certificate authority of this installation',
  about:
    'Tools that go through the proxy see certificates of this authority, which was made on this machine and is used nowhere else. ' +
    'Tools started by "run", or in a shell that evaluated "env", already trust it. Give any other tool its path.',
  subcommands: [
    {
      name: 'show',
      summary: 'show its name, fingerprint and validity',
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
      summary: 'write the roots of the system and this one to one file, and print its path',
      examples: ['export SSL_CERT_FILE="$(hallpass ca bundle)"'],
      load: () => import('./ca/bundle.ts'),
    },
    {
      name: 'rotate',
      summary: 'make a new authority, which you must tell other programs to trust',
      options: [{ flags: '--yes', summary: 'do not ask' }],
      load: () => import('./ca/rotate.ts'),
    },
  ],
}
