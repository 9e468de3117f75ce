import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'key',
  summary: 'the data key that seals sessions and credentials',
  subcommands: [
    {
      name: 'status',
      summary: 'print where it is, what protects it, and against whom',
      load: () => import('./key/status.ts'),
    },
    {
      name: 'protect',
      summary: 'protect it by another means; what is sealed with it stays as it is',
      about:
        'file: the mode of the file (0600) is all. keyring: wrapped by the keyring of the operating system. ' +
        'passphrase: wrapped by a passphrase (Argon2id), asked for at each start or read from HALLPASS_PASSPHRASE_FILE. ' +
        'With a keyring or passphrase the state folder alone opens nothing.',
      operands: [
        { name: '<means>', summary: 'what is to protect it', choices: ['file', 'keyring', 'passphrase'] },
      ],
      examples: ['hallpass key protect keyring'],
      load: () => import('./key/protect.ts'),
    },
    {
      name: 'rotate',
      summary: 'make a new key and reseal everything with it; proxies may go on running',
      load: () => import('./key/rotate.ts'),
    },
  ],
}
