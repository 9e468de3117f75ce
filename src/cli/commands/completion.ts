import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'completion',
  summary: 'print a completion script for a shell',
  operands: [{ name: '<shell>', summary: 'the shell', choices: ['bash', 'zsh', 'fish', 'pwsh'] }],
  examples: [
    'eval "$(hallpass completion bash)"',
    'hallpass completion fish | source',
    'hallpass completion zsh > ~/.zsh/completions/_hallpass',
    'hallpass completion pwsh | Out-String | Invoke-Expression',
  ],
  load: () => import('./completion/print.ts'),
}
