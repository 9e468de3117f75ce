import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'key',
  summary: 'the data key that seals sessions and credentials',
  subcommands: [
    {
      name: 'status',
      summary: 'print where it is, what protects it and against whom, and which records each key seals',
      load: () => import('./key/status.ts'),
    },
    {
      name: 'protect',
      summary: 'protect it by another means; what is sealed with it stays as it is',
      about:
        'file: the mode of the file (0600) is all. keyring: wrapped by the keyring of the operating system. ' +
        'passphrase: wrapped by a passphrase (Argon2id), asked for twice, or read from stdin or --passphrase-file; ' +
        'later commands ask for it, or read it from the file that HALLPASS_PASSPHRASE_FILE names. ' +
        'With a keyring or passphrase the state folder alone opens nothing.',
      operands: [
        { name: '<means>', summary: 'what is to protect it', choices: ['file', 'keyring', 'passphrase'] },
      ],
      options: [
        {
          flags: '--passphrase-file <file>',
          summary: 'read the new passphrase from this file (mode 0600)',
        },
      ],
      examples: ['hallpass key protect keyring', 'hallpass key protect passphrase'],
      load: () => import('./key/protect.ts'),
    },
    {
      name: 'rotate',
      summary: 'make a new key and reseal everything with it; proxies may go on running',
      about: 'Exits 8 when a record could not be resealed; it stays as it was, and its key is kept.',
      load: () => import('./key/rotate.ts'),
    },
  ],
}
