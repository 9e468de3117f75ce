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

/** The certificate authority of this installation, as it is now: a rotation by another process shows at the next use. */
export class Authority {
  readonly #home: Home
  readonly #keys: SealingKeys
  #pair: AuthorityPair
  #issuer: Issuer
  #stamp: string
  /** This open made the authority. */
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
   * @throws HallpassError `ca-missing` naming the file that is absent, damaged or expired; the codes of the data key
   * (`key-…`, `record-foreign-key`) where that is what is wrong.
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
   * Makes a new authority in place of the present one, whatever state that is in. Running proxies mint under the new one
   * from the next connection on. The combined bundle still has the old one until it is written again.
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

  /** Base64 of the SHA-256 of the public key, which is how browsers are told to accept it. */
  get spkiSha256(): string {
    const spki = this.#pair.certificate.publicKey.export({ type: 'spki', format: 'der' })
    return createHash('sha256').update(spki).digest('base64')
  }

  /** Whether a certificate is this authority or an earlier one of this installation: none of those may outlive a rotation in a bundle. */
  isOurs(certificate: X509Certificate): boolean {
    const installation = installationOf(certificate)
    return installation !== undefined && installation === installationOf(this.#pair.certificate)
  }

  /** What signs leaves now. Costs one stat, and the same object comes back until the authority changes. */
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
  /** ca.pem was written by this call. */
  readonly mended: boolean
}

/** Eight processes at first use agree: only one of them, under the lock, finds nothing and makes it. */
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

/** Without the lock, so a pair in the middle of a rotation is looked at again under it before anything is called damaged. */
function readIfWhole(home: Home, keys: SealingKeys): AuthorityPair | undefined {
  try {
    const found = readAuthority(home, keys)
    return found.state === 'whole' ? found.pair : undefined
  } catch (error) {
    if (error instanceof HallpassError && error.code === 'ca-missing') return undefined
    throw error
  }
}
