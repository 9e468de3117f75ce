import { createHash, type X509Certificate } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import type { Home } from '../store/home.ts'
import { withLock } from '../store/lock.ts'
import { recordLock } from '../store/record-path.ts'
import { caKeyId } from '../store/seal.ts'
import {
  missing,
  publishAuthority,
  publishCertificate,
  readAuthority,
  type SealingKeys,
  shownCertificate,
  stampOf,
} from './authority-files.ts'
import type { Issuer } from './leaf.ts'
import { type AuthorityPair, installationOf, issuerOf, newAuthority } from './new-authority.ts'

/** The certificate authority of this installation. A rotation by another process shows at the next use. */
export class Authority {
  readonly #home: Home
  readonly #keys: SealingKeys
  #pair: AuthorityPair
  #issuer: Issuer
  #stamp: string
  /** Whether this call of `open` made the authority. */
  readonly created: boolean

  private constructor(home: Home, keys: SealingKeys, stamp: string, opened: Opened) {
    this.#home = home
    this.#keys = keys
    this.#stamp = stamp
    this.#pair = opened.pair
    this.#issuer = issuerOf(opened.pair)
    this.created = opened.created
  }

  /**
   * @throws HallpassError `ca-missing` with the name of the absent, damaged or expired file; `key-…` or `record-foreign-key` for a
   * problem with the data key.
   */
  static async open(
    home: Home,
    keys: SealingKeys,
    options: { create: boolean; now?: () => number },
  ): Promise<Authority> {
    const now = (options.now ?? Date.now)()
    const stamp = stampOf(home.caPem)
    const opened = await load(home, keys, options.create, now)
    const authority = new Authority(home, keys, opened.mended ? stampOf(home.caPem) : stamp, opened)
    const { validToDate } = opened.pair.certificate
    if (validToDate.getTime() <= now) {
      throw missing(home.caPem, `expired on ${validToDate.toISOString().slice(0, 10)}`)
    }
    return authority
  }

  /**
   * Replaces the authority, also a damaged one. Running proxies use the new one from the next connection. The combined bundle has the
   * old one until somebody writes it again.
   */
  static async rotate(
    home: Home,
    keys: SealingKeys,
    options: { now?: () => number } = {},
  ): Promise<Authority> {
    const now = (options.now ?? Date.now)()
    return await withLock(recordLock(home, caKeyId), async () => {
      const shown = shownCertificate(home)
      const pair = newAuthority(now, shown === undefined ? undefined : installationOf(shown))
      await publishAuthority(home, keys, pair, shown?.toString())
      return new Authority(home, keys, stampOf(home.caPem), { pair, created: true, mended: true })
    })
  }

  get certificate(): X509Certificate {
    return this.#pair.certificate
  }

  get certificatePem(): string {
    return this.#pair.certificate.toString()
  }

  /** Base64 of the SHA-256 of the public key, for a browser's option to accept it. */
  get spkiSha256(): string {
    const spki = this.#pair.certificate.publicKey.export({ type: 'spki', format: 'der' })
    return createHash('sha256').update(spki).digest('base64')
  }

  /** Whether a certificate is an authority of this installation, this one or an earlier one. No bundle keeps an earlier one. */
  isOurs(certificate: X509Certificate): boolean {
    const installation = installationOf(certificate)
    return installation !== undefined && installation === installationOf(this.#pair.certificate)
  }

  /** The issuer of leaves now. Costs one stat. Returns the same object until the authority changes. */
  async issuer(): Promise<Issuer> {
    const stamp = stampOf(this.#home.caPem)
    if (stamp !== this.#stamp) {
      const { pair, mended } = await load(this.#home, this.#keys, false, Date.now())
      if (!pair.certificate.raw.equals(this.#pair.certificate.raw)) {
        this.#pair = pair
        this.#issuer = issuerOf(pair)
      }
      this.#stamp = mended ? stampOf(this.#home.caPem) : stamp
    }
    return this.#issuer
  }
}

interface Opened {
  readonly pair: AuthorityPair
  readonly created: boolean
  /** Whether this call wrote ca.pem. */
  readonly mended: boolean
}

/** Many processes can come first together. Only one of them, under the lock, finds no authority and makes it. */
async function load(home: Home, keys: SealingKeys, create: boolean, now: number): Promise<Opened> {
  await keys.reread()
  const seen = readIfWhole(home, keys)
  if (seen !== undefined) return { pair: seen, created: false, mended: false }
  return await withLock(recordLock(home, caKeyId), async () => {
    await keys.reread()
    const found = readAuthority(home, keys)
    if (found.state === 'whole') return { pair: found.pair, created: false, mended: false }
    if (found.state === 'behind') {
      await publishCertificate(home, found.pair)
      return { pair: found.pair, created: false, mended: true }
    }
    if (!create) {
      throw new HallpassError(
        'ca-missing',
        `there is no certificate authority yet: ${home.caPem} is missing`,
        {
          hint: 'hallpass start',
        },
      )
    }
    const pair = newAuthority(now)
    await publishAuthority(home, keys, pair, undefined)
    return { pair, created: true, mended: true }
  })
}

/** Reads without the lock. A rotation can be under way, so before an error it reads again under the lock. */
function readIfWhole(home: Home, keys: SealingKeys): AuthorityPair | undefined {
  try {
    const found = readAuthority(home, keys)
    return found.state === 'whole' ? found.pair : undefined
  } catch (error) {
    if (error instanceof HallpassError && error.code === 'ca-missing') return undefined
    throw error
  }
}
