import { generateKeyPairSync } from 'node:crypto'
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext } from 'node:tls'
import type { Authority } from './authority.ts'
import { type Issuer, mintLeaf } from './leaf.ts'
import { toPem } from './pem.ts'

/** About 25 KB each. More hosts than a browser visits in a day. */
const defaultMax = 500
/** A leaf is renewed this long before its end, for clients whose clock is ahead and for connections that last. */
const renewEarlyMs = 86_400_000

/*
 * Client and proxy are on one machine, and their traffic stays there. So a quarter less work for each megabyte is worth more than a
 * key of 256 bits, and a tenth less for each handshake is worth more than a key exchange against quantum computers. A client
 * that offers neither gets the usual choice.
 */
const ciphers = ['TLS_AES_128_GCM_SHA256', ...DEFAULT_CIPHERS.split(':')].join(':')
const ecdhCurve = 'X25519:P-256:P-384:P-521'

interface Entry {
  readonly context: Promise<SecureContext>
  /** Outside this time a new leaf is made. It has no bounds while the leaf is being made. */
  good: { readonly from: number; readonly until: number }
}

const always = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }

/** TLS contexts, one for each host that clients ask for. Made at first use; the least recently used go first. */
export class Leaves {
  readonly #authority: Authority
  readonly #max: number
  readonly #now: () => number
  /** In order of use, oldest first. */
  readonly #entries = new Map<string, Entry>()
  readonly #publicKey: Buffer
  readonly #privateKeyPem: string
  #issuer: Issuer | undefined
  /** Leaves that wait for a later turn of the event loop. */
  readonly #waiting: (() => void)[] = []
  #minting = false

  constructor(authority: Authority, options: { readonly max?: number; readonly now?: () => number } = {}) {
    this.#authority = authority
    this.#max = options.max ?? defaultMax
    this.#now = options.now ?? Date.now
    // One key for all leaves, in memory only. A key for each host would protect no more, as one process holds them all.
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#publicKey = publicKey.export({ type: 'spki', format: 'der' })
    this.#privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }

  /**
   * The context to serve `host` with (lower case, no trailing dot, IPv6 without brackets). Requests for one host at the
   * same time share one leaf. Rejects with TypeError for anything but a host, and with HallpassError if the authority was
   * damaged meanwhile. The next request tries again.
   */
  async contextFor(host: string): Promise<SecureContext> {
    const issuer = await this.#authority.issuer()
    if (issuer !== this.#issuer) {
      // After a rotation, no leaf of the old authority is served again.
      this.#entries.clear()
      this.#issuer = issuer
    }
    const known = this.#entries.get(host)
    if (known !== undefined) this.#entries.delete(host)
    const entry = known !== undefined && this.#isGood(known) ? known : this.#begin(host, issuer)
    this.#entries.set(host, entry)
    this.#evict()
    return await entry.context
  }

  #isGood({ good }: Entry): boolean {
    const now = this.#now()
    return good.from <= now && now < good.until
  }

  #begin(host: string, issuer: Issuer): Entry {
    const minted = this.#inTurn(() => this.#mint(host, issuer))
    const entry: Entry = { context: minted.then(({ context }) => context), good: always }
    minted.then(
      ({ good }) => {
        entry.good = good
      },
      () => {
        // Forget a failure, so that the next request tries again.
        if (this.#entries.get(host) === entry) this.#entries.delete(host)
      },
    )
    return entry
  }

  #mint(host: string, issuer: Issuer): { readonly context: SecureContext; readonly good: Entry['good'] } {
    const { der, notBefore, notAfter } = mintLeaf(host, this.#publicKey, issuer, this.#now())
    const context = createSecureContext({
      key: this.#privateKeyPem,
      cert: toPem('CERTIFICATE', der) + issuer.pem,
      minVersion: 'TLSv1.2',
      ciphers,
      ecdhCurve,
      honorCipherOrder: true,
    })
    return { context, good: { from: notBefore, until: notAfter - renewEarlyMs } }
  }

  /**
   * Makes one leaf in a turn of the event loop, and the first at once. So fifty new hosts together delay a request on a warm
   * connection by one leaf and its handshake, not by fifty.
   */
  #inTurn<T>(mint: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(mint())
        } catch (error) {
          reject(error)
        }
      }
      if (this.#minting) {
        this.#waiting.push(run)
        return
      }
      this.#minting = true
      setImmediate(this.#nextTurn)
      run()
    })
  }

  readonly #nextTurn = (): void => {
    const run = this.#waiting.shift()
    this.#minting = run !== undefined
    if (run === undefined) return
    setImmediate(this.#nextTurn)
    run()
  }

  #evict(): void {
    for (const host of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) return
      this.#entries.delete(host)
    }
  }
}
