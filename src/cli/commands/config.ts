import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'config',
  summary: 'show and check the configuration',
  about:
    'Flags override the environment (HALLPASS_LISTEN and so on), the environment overrides the file, and the file overrides the ' +
    'defaults. config.example.yaml shows every key. The configuration never contains a secret.',
  subcommands: [
    {
      name: 'path',
      summary: 'print the path of the configuration file, which may not exist',
      load: () => import('./config/path.ts'),
    },
    {
      name: 'check',
      summary: 'check the configuration, and print every error with file, line and column',
      about: 'Checks the environment too. Exits with 3 when it finds an error.',
      operands: [{ name: '[file]', summary: 'the file (default: that of "config path")' }],
      load: () => import('./config/check.ts'),
    },
    {
      name: 'show',
      summary: 'show every value and where it comes from',
      load: () => import('./config/show.ts'),
    },
    {
      name: 'schema',
      summary: 'print the JSON schema of the file, for your editor',
      examples: ['hallpass config schema > hallpass.schema.json'],
      load: () => import('./config/schema.ts'),
    },
  ],
}
