import { HallpassError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { readPrivateFile } from '../store/key-source.ts'
import type { Context } from './command.ts'

/** Reads a new passphrase: from stdin, or typed twice. */
export async function newPassphrase({ flags, secret }: Context, what: string): Promise<Secret> {
  if (!process.stdin.isTTY) return typeable(await secret(`the ${what} (on stdin, or --passphrase-file FILE)`))
  if (!flags.input) {
    throw new HallpassError('usage', `the ${what} is missing: use --passphrase-file FILE`)
  }
  const passphrase = await secret(what)
  // After a typing error nobody could open what the passphrase protects.
  const again = await secret(`the ${what} again`)
  if (!again.equals(passphrase.reveal())) throw new HallpassError('usage', 'the two passphrases differ')
  return passphrase
}

/** A new passphrase that comes from a pipe or a file must also work at the prompt, which takes one line. */
export function typeable(passphrase: Secret): Secret {
  if (/[\x00-\x1f\x7f]/.test(passphrase.reveal())) {
    throw new HallpassError(
      'usage',
      'the new passphrase has more than one line, or a control character: nobody could type it at a prompt',
    )
  }
  return passphrase
}

/** Reads the passphrase in the file that `--passphrase-file` names; no other user may be able to read the file. */
export function readPassphraseFile(file: string): Secret {
  const bytes = readPrivateFile(file)
  if (bytes === undefined) throw new HallpassError('usage', `--passphrase-file: ${file} does not exist`)
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (text === '') throw new HallpassError('usage', `--passphrase-file: ${file} is empty`)
  return new Secret(text)
}
