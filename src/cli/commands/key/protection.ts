import { sep } from 'node:path'
import type { Home } from '../../../store/home.ts'
import type { KeyStatus } from '../../../store/key-status.ts'

/** Whom the protection of the key stops and whom it does not, because a key file looks safer than it is. */
export interface Holds {
  readonly against: readonly string[]
  readonly notAgainst: readonly string[]
}

const otherUsers = 'other users of this machine'

export function holdsOf({ protector, file }: Pick<KeyStatus, 'protector' | 'file'>, home: Home): Holds {
  const apart = !file.startsWith(home.root + sep)
  switch (protector) {
    case 'file':
      return apart
        ? {
            against: [otherUsers, 'someone who gets the state folder without the key file'],
            notAgainst: [`someone who gets ${file} too`, 'a process that runs as you'],
          }
        : {
            against: [otherUsers, 'someone who gets records without the key file'],
            notAgainst: [
              'someone who gets the whole folder, as in a backup: the key is in it',
              'a process that runs as you',
            ],
          }
    case 'keyring':
      return {
        against: [otherUsers, 'someone who gets the whole folder: the keyring of this user is needed too'],
        notAgainst: ['a process that runs as you while the keyring is unlocked'],
      }
    case 'passphrase':
      return {
        against: [otherUsers, 'someone who gets the whole folder, if the passphrase cannot be guessed'],
        notAgainst: [
          'a process that runs as you while hallpass runs, or that can read HALLPASS_PASSPHRASE_FILE',
        ],
      }
  }
}

/** How later commands get the passphrase. */
export const unlocking =
  'commands ask for the passphrase, or read it from the file (mode 0600) that HALLPASS_PASSPHRASE_FILE names'

/** `protector` as part of a sentence. */
export const protectorText: Readonly<Record<KeyStatus['protector'], string>> = {
  file: 'file (only its mode, 0600)',
  keyring: 'keyring of the operating system',
  passphrase: 'passphrase (Argon2id)',
}
