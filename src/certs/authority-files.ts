import { createPrivateKey, X509Certificate } from 'node:crypto'
import { statSync } from 'node:fs'
import { HallpassError } from '../errors.ts'
import { notRead, notSaved } from '../store/disk-errors.ts'
import type { Home } from '../store/home.ts'
import type { KeyRing } from '../store/keyring.ts'
import { readOwnFile } from '../store/own-files.ts'
import { replaceFile } from '../store/replace-file.ts'
import { caKeyId } from '../store/seal.ts'
import { stampOf as fileStamp } from '../store/stamp.ts'
import type { AuthorityPair } from './new-authority.ts'
import { pemBlocks } from './pem.ts'

export type SealingKeys = Pick<KeyRing, 'seal' | 'open' | 'reread'>

const rotateHint = 'hallpass ca rotate'

/**
 * Reads the two files. `ca.key` is sealed. It holds the private key, its certificate and the certificate before it, as PEM, so that
 * key and certificate change in one rename. `ca.pem` is the public copy, and is written second. A crash between the two leaves no
 * `ca.pem`, or the one before ('behind'), and the next write mends it. Any other `ca.pem` is not ours, and stays.
 *
 * @throws HallpassError `ca-missing` naming the file; other codes of `KeyRing.open`.
 */
export function readAuthority(
  home: Home,
  keys: SealingKeys,
): { state: 'absent' } | { state: 'whole' | 'behind'; pair: AuthorityPair } {
  const sealed = readIfThere(home, home.caKey)
  const shown = readIfThere(home, home.caPem)
  if (sealed === undefined) {
    if (shown === undefined) return { state: 'absent' }
    throw missing(home.caKey, 'is gone, though ca.pem is there')
  }
  const { pair, replaced } = unseal(home, keys, sealed)
  const published = shown === undefined ? undefined : pemBlocks('CERTIFICATE', shown)[0]
  if (published === pair.certificate.toString()) return { state: 'whole', pair }
  if (shown === undefined || (published !== undefined && published === replaced))
    return { state: 'behind', pair }
  throw missing(home.caPem, 'does not hold the certificate that belongs to ca.key')
}

/** Under the lock of ca.key. */
export async function publishAuthority(
  home: Home,
  keys: SealingKeys,
  pair: AuthorityPair,
  replaced: string | undefined,
): Promise<void> {
  const text = `${pair.key.export({ type: 'pkcs8', format: 'pem' })}${pair.certificate.toString()}${replaced ?? ''}`
  await keys.reread()
  await save(home.caKey, keys.seal(caKeyId, Buffer.from(text, 'utf8')))
  await publishCertificate(home, pair)
}

export async function publishCertificate(home: Home, pair: AuthorityPair): Promise<void> {
  await save(home.caPem, pair.certificate.toString())
}

async function save(file: string, text: string): Promise<void> {
  try {
    await replaceFile(file, text)
  } catch (error) {
    throw notSaved(file, error)
  }
}

/** The certificate in ca.pem; undefined for anything else. */
export function shownCertificate(home: Home): X509Certificate | undefined {
  const [pem] = pemBlocks('CERTIFICATE', readIfThere(home, home.caPem) ?? '')
  try {
    return pem === undefined ? undefined : new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** Changes with each publication; 'absent' without the file. */
export function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? 'absent' : fileStamp(stat)
}

export function missing(file: string, what: string, cause?: unknown): HallpassError {
  return new HallpassError('ca-missing', `the certificate authority cannot be used: ${file} ${what}`, {
    hint: rotateHint,
    cause,
  })
}

function unseal(
  home: Home,
  keys: SealingKeys,
  sealed: string,
): { pair: AuthorityPair; replaced: string | undefined } {
  try {
    const text = keys.open(caKeyId, sealed, home.caKey).toString('utf8')
    const [own, replaced] = pemBlocks('CERTIFICATE', text)
    const pair = { key: createPrivateKey(text), certificate: new X509Certificate(own ?? '') }
    if (!pair.certificate.checkPrivateKey(pair.key))
      throw new Error('its key and certificate do not belong together')
    return { pair, replaced }
  } catch (error) {
    // A problem with the data key, or a newer format, has an error of its own.
    if (error instanceof HallpassError && error.code !== 'record-damaged') throw error
    throw missing(home.caKey, `is damaged (${(error as Error).message})`, error)
  }
}

function readIfThere(home: Home, file: string): string | undefined {
  try {
    return readOwnFile(file, home.root)?.text
  } catch (error) {
    throw notRead(file, error)
  }
}
