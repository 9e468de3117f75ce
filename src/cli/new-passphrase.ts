import { HallpassError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { readPrivateFile } from '../store/key-source.ts'
import type { Context } from './command.ts'

/** A passphrase for something new: from stdin, or typed twice. */
export async function newPassphrase({ flags, secret }: Context, what: string): Promise<Secret> {
  if (!process.stdin.isTTY) return secret(`the ${what} (on stdin, or --passphrase-file FILE)`)
  if (!flags.input) {
    throw new HallpassError('usage', `the ${what} is not given: say --passphrase-file FILE`)
  }
  const passphrase = await secret(what)
  // A typing error here would lock everything away for good.
  const again = await secret(`${what}, once more`)
  if (!again.equals(passphrase.reveal())) throw new HallpassError('usage', 'the two passphrases differ')
  return passphrase
}

/** The passphrase in the file that `--passphrase-file` names, which nobody else may be able to read. */
export function readPassphraseFile(file: string): Secret {
  const bytes = readPrivateFile(file)
  if (bytes === undefined) throw new HallpassError('usage', `--passphrase-file: ${file} does not exist`)
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (text === '') throw new HallpassError('usage', `--passphrase-file: ${file} is empty`)
  return new Secret(text)
}
