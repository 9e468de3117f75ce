import type { CommandSpec } from '../command.ts'

export const command: CommandSpec = {
  name: 'key',
  summary: 'show, protect and rotate the key that encrypts the sessions',
  subcommands: [
    {
      name: 'status',
      summary: 'show where the key is, what protects it, and which records each key encrypts',
      load: () => import('./key/status.ts'),
    },
    {
      name: 'protect',
      summary: 'protect the key in another way; the records stay as they are',
      about:
        'file: only the mode of the file (0600) protects the key.\n' +
        'keyring: the keyring of the operating system encrypts the key.\n' +
        'passphrase: a passphrase (Argon2id) encrypts the key. It is asked for twice, or read from stdin or --passphrase-file. ' +
        'Later commands ask for it, or read the file that HALLPASS_PASSPHRASE_FILE names.\n' +
        'With a keyring or a passphrase, nobody can read the records with the state folder alone.',
      operands: [{ name: '<means>', summary: 'the protection', choices: ['file', 'keyring', 'passphrase'] }],
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
      summary: 'make a new key and encrypt every record with it; proxies may keep running',
      about:
        'A record that cannot be encrypted anew stays as it is, and its old key is kept. The command then exits with 8.',
      load: () => import('./key/rotate.ts'),
    },
  ],
}
