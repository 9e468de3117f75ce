import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'config',
  summary: 'look at the configuration and check it',
  about:
    'A flag wins over the environment (HALLPASS_LISTEN and so on), the environment over the file, the file over the defaults. ' +
    'config.example.yaml shows every key. No secret is ever in it.',
  subcommands: [
    {
      name: 'path',
      summary: 'print where the configuration file is, or would be',
      load: () => import('./config/path.ts'),
    },
    {
      name: 'check',
      summary: 'check it, and say all that is wrong with file, line and column',
      about: 'Exits 3 when something is wrong, also in the environment.',
      operands: [{ name: '[file]', summary: 'the file (default: the one of "config path")' }],
      load: () => import('./config/check.ts'),
    },
    {
      name: 'show',
      summary: 'print every value, and who said it',
      load: () => import('./config/show.ts'),
    },
    {
      name: 'schema',
      summary: 'print the JSON schema of the file, for an editor',
      examples: ['hallpass config schema > hallpass.schema.json'],
      load: () => import('./config/schema.ts'),
    },
  ],
}
