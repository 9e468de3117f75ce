import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { resolveEntry, targetOf } from '../config/resolved-target.ts'
import { HallpassError } from '../errors.ts'
import { isOwnAddress, isRefusedAddress, isRefusedName } from './guard.ts'

/** What net.connect and tls.connect are to be given. */
export interface DialOptions {
  readonly host: string
  readonly port: number
  readonly lookup: LookupFunction
  readonly noDelay: true
  readonly keepAlive: true
  readonly keepAliveInitialDelay: number
  readonly allowHalfOpen: true
}

/** A peer that vanished without a word is found out within minutes, not within the kernel's two hours. */
export const keepAliveInitialDelay = 60_000

export interface DialerOptions {
  readonly resolve: ReadonlyMap<string, string>
  /** The proxy's own ports: a request to itself loops until file descriptors run out, or reaches an inner interface. */
  readonly ownPorts: () => readonly number[]
}

/**
 * Decides where a connection may go. The check is made on the very addresses that are then dialled, inside the look-up, so
 * that no spelling and no second answer of a name server gets around it.
 */
export class Dialer {
  readonly #resolve: ReadonlyMap<string, string>
  readonly #ownPorts: () => readonly number[]

  constructor(options: DialerOptions) {
    this.#resolve = options.resolve
    this.#ownPorts = options.ownPorts
  }

  /** Options for connecting to host and port; throws `target-refused` for what can be refused without a look-up. */
  to(host: string, port: number): DialOptions {
    if (isRefusedName(host)) throw refusal(host)
    const mapped = targetOf(this.#resolve, host, port)
    const own = this.#ownPorts().includes(mapped.port)
    const check = (address: string) => {
      if (isRefusedAddress(address) || (own && isOwnAddress(address))) throw refusal(host)
    }
    // net.connect does not look a literal up.
    if (isIP(mapped.host) !== 0) check(mapped.host)
    return {
      host: mapped.host,
      port: mapped.port,
      lookup: guardedLookup(check),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay,
      allowHalfOpen: true,
    }
  }

  /** Whether the configuration says where the host really is. */
  maps(host: string, port: number): boolean {
    return resolveEntry(this.#resolve, host, port) !== undefined
  }
}

function refusal(host: string): HallpassError {
  return new HallpassError(
    'target-refused',
    `${host} is, or leads to, an address that is never a target: link-local, cloud metadata, or the proxy itself`,
  )
}

function guardedLookup(check: (address: string) => void): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) return callback(error, '')
      try {
        // One bad address among good ones is an attack on the check, not a reason to try the others.
        for (const { address } of found) check(address)
      } catch (refused) {
        return callback(refused as NodeJS.ErrnoException, '')
      }
      const [first] = found
      if (options.all === true) return callback(null, found)
      return callback(null, first?.address ?? '', first?.family)
    })
  }
}
