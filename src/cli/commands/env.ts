import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'env',
  summary: 'print the environment variables that lead tools through the running proxy',
  takesSession: true,
  about:
    'The output contains the client token of the session. Give it to eval or write it to a file of your own; do not share it. ' +
    'The token ends when the proxy stops: after the next start, tools that have it get 407 until you run the command again. ' +
    'Without a running proxy the command prints nothing and exits with 1.',
  options: [
    {
      flags: '--format <format>',
      summary: 'the shell or file that reads it (default: sh)',
      choices: ['sh', 'fish', 'pwsh', 'dotenv', 'docker', 'github', 'json'],
    },
    { flags: '--unset', summary: 'print the commands that remove the variables again' },
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
