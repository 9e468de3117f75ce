import { isIP, type LookupFunction } from 'node:net'
import { resolveEntry, targetOf } from '../config/resolved-target.ts'
import { HallpassError } from '../errors.ts'
import { type Names, systemNames } from '../net/names.ts'
import { isOwnAddress, isRefusedAddress, isRefusedName } from './guard.ts'
import { type Endpoint, lookupName } from './origin.ts'

/** Options for net.connect and tls.connect. */
export interface DialOptions {
  readonly host: string
  readonly port: number
  readonly lookup: LookupFunction
  readonly noDelay: true
  readonly keepAlive: true
  readonly keepAliveInitialDelay: number
  readonly allowHalfOpen: true
}

/** Finds a peer that vanished within minutes; the kernel's default is two hours. */
export const keepAliveInitialDelay = 60_000

export interface DialerOptions {
  readonly resolve: ReadonlyMap<string, string>
  /** The proxy's own ports. A request to itself would loop until file descriptors run out. */
  readonly ownPorts: () => readonly number[]
  readonly names?: Names
}

/**
 * Decides where a connection may go. It checks the addresses that are then dialled, inside the look-up: neither an odd
 * spelling nor a second answer of the name server (DNS rebinding) gets around it.
 */
export class Dialer {
  readonly #resolve: ReadonlyMap<string, string>
  readonly #ownPorts: () => readonly number[]
  readonly #names: Names

  constructor(options: DialerOptions) {
    this.#resolve = options.resolve
    this.#ownPorts = options.ownPorts
    this.#names = options.names ?? systemNames
  }

  /** Options for connecting to an endpoint; throws `target-refused` when the name or a literal address is refused. */
  to(endpoint: Endpoint): DialOptions {
    const { host, port } = endpoint
    if (isRefusedName(host)) throw refusal(host)
    const mapped = targetOf(this.#resolve, host, port)
    const own = this.#ownPorts().includes(mapped.port)
    const check = (address: string) => {
      if (isRefusedAddress(address) || (own && isOwnAddress(address))) throw refusal(host)
    }
    // net.connect does not look up a literal address.
    if (isIP(mapped.host) !== 0) check(mapped.host)
    return {
      host: mapped.host === host ? lookupName(endpoint) : mapped.host,
      port: mapped.port,
      lookup: guardedLookup(this.#names, check),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay,
      allowHalfOpen: true,
    }
  }

  /** Whether `resolve` in the configuration maps the host. */
  maps(host: string, port: number): boolean {
    return resolveEntry(this.#resolve, host, port) !== undefined
  }
}

function refusal(host: string): HallpassError {
  return new HallpassError(
    'target-refused',
    `${host} is never a target: its address is link-local, cloud metadata, or the proxy itself`,
  )
}

function guardedLookup(names: Names, check: (address: string) => void): LookupFunction {
  return (hostname, options, callback) => {
    names.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null || typeof found === 'string') return callback(error, '')
      try {
        // One refused address among others is an attack on the check, so the others are not tried.
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
