import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'env',
  summary: 'print the variables that lead tools through the running proxy',
  takesSession: true,
  about:
    'The output holds the client token of the session: it is made for eval and for files of your own. ' +
    'Without a running proxy it prints nothing and exits 1.',
  options: [
    {
      flags: '--format <format>',
      summary: 'for which reader (default: sh)',
      choices: ['sh', 'fish', 'pwsh', 'dotenv', 'docker', 'github', 'json'],
    },
    { flags: '--unset', summary: 'print what takes the variables away again' },
  ],
  examples: [
    'eval "$(hallpass env)"',
    'hallpass env --format fish | source',
    'hallpass env --format pwsh | Out-String | Invoke-Expression',
    'hallpass env --format github >> "$GITHUB_ENV"',
    'eval "$(hallpass env --unset)"',
  ],
  load: () => import('./env/print.ts'),
}
