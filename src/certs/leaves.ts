import { generateKeyPairSync } from 'node:crypto'
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext } from 'node:tls'
import type { Authority } from './authority.ts'
import { type Issuer, mintLeaf } from './leaf.ts'
import { toPem } from './pem.ts'

/** Some 25 KB each; more hosts than a browser's day. */
const defaultMax = 500
/** A leaf is renewed this long before its end, for clients whose clock is ahead and for connections that last. */
const renewEarlyMs = 86_400_000

/*
 * Client and proxy meet on one machine: what they say to each other stays there, so a quarter less work for each
 * megabyte counts for more than a key of 256 bits, and a tenth less for each handshake for more than a key exchange that
 * withstands a quantum computer. Whoever offers neither gets the usual choice.
 */
const ciphers = ['TLS_AES_128_GCM_SHA256', ...DEFAULT_CIPHERS.split(':')].join(':')
const ecdhCurve = 'X25519:P-256:P-384:P-521'

interface Entry {
  readonly context: Promise<SecureContext>
  /** Outside of it another is minted; boundless while this one is being minted. */
  good: { readonly from: number; readonly until: number }
}

const always = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }

/** TLS contexts with a certificate for each host that clients ask for, minted at first use, most recently used kept. */
export class Leaves {
  readonly #authority: Authority
  readonly #max: number
  readonly #now: () => number
  /** In order of use, oldest first. */
  readonly #entries = new Map<string, Entry>()
  readonly #publicKey: Buffer
  readonly #privateKeyPem: string
  #issuer: Issuer | undefined
  /** Mints for which this turn of the event loop was too late. */
  readonly #waiting: (() => void)[] = []
  #minting = false

  constructor(authority: Authority, options: { readonly max?: number; readonly now?: () => number } = {}) {
    this.#authority = authority
    this.#max = options.max ?? defaultMax
    this.#now = options.now ?? Date.now
    // One key for all leaves, in memory only: a key per host would protect nothing more, as one process holds them all.
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#publicKey = publicKey.export({ type: 'spki', format: 'der' })
    this.#privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }

  /**
   * The context to serve `host` with (lower case, no trailing dot, IPv6 without brackets). Requests for one host at the
   * same time share one mint. Rejects with TypeError for what is no host, with HallpassError when the authority was
   * damaged meanwhile; the next request tries again.
   */
  async contextFor(host: string): Promise<SecureContext> {
    const issuer = await this.#authority.issuer()
    if (issuer !== this.#issuer) {
      // Rotated: what the old authority signed is not served once more.
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
        // A failed mint is not remembered.
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
   * One mint a turn of the event loop, the first at once: fifty new hosts together delay a request on a warm connection
   * by one mint (and the handshake that it lets begin), not by fifty.
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
