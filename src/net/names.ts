import type { LookupAddress } from 'node:dns'
import { lookup as getaddrinfo, Resolver } from 'node:dns/promises'
import { readFileSync, statSync } from 'node:fs'
import { isIP, type LookupFunction } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { codeOf } from './causes.ts'
import { parseHosts, parseNsswitch, parseResolvConf, type Searching } from './name-files.ts'
import { Turns } from './turns.ts'

/** libuv runs at most this many look-ups at once: half of its four threads. A look-up that is queued in libuv cannot be cancelled. */
const mostGetaddrinfo = 2
/** As long as a connection may take: later nobody waits for the answer. */
const queueMs = 20_000
/** Twice 2.5 seconds leave time to connect. */
const patience = { timeout: 2_500, tries: 2 }

type Addresses = readonly LookupAddress[]

/**
 * Looks names up without libuv's threads where the system asks only its hosts file and DNS: a thread waits until the name
 * server answers, and eight unanswered names would stop every other name for 20 seconds. Where the system has other sources
 * (mDNS, LDAP, macOS, Windows), getaddrinfo answers, two names at once.
 */
export class Names {
  readonly #servers: readonly string[] | undefined
  readonly #system: (host: string) => Promise<Addresses>
  /** One look-up for all who ask for the same name. */
  readonly #flights = new Map<string, Promise<Addresses>>()
  readonly #turns = new Turns(mostGetaddrinfo, queueMs)
  readonly #hosts = cached('/etc/hosts', parseHosts)
  readonly #sources = cached('/etc/nsswitch.conf', parseNsswitch)
  readonly #resolving: () => Resolving

  /**
   * @param servers name servers, `address:port`, in place of the system's sources
   * @param system answers in place of getaddrinfo
   */
  constructor(servers?: readonly string[], system = askSystem) {
    this.#servers = servers
    this.#system = system
    // A laptop that changes its network has new name servers, so a new file makes a new resolver.
    this.#resolving = cached('/etc/resolv.conf', (text) => resolvingOf(text, servers))
  }

  /** For net.connect and tls.connect. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.addresses(host).then(
      (all) => {
        const family = options.family === 4 || options.family === 'IPv4' ? 4 : 6
        const either = options.family === undefined || options.family === 0
        const found = either ? all : all.filter((each) => each.family === family)
        const [first] = found
        if (first === undefined) callback(failure(host, 'ENOTFOUND'), '')
        else if (options.all === true) callback(null, [...found])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    )
  }

  async addresses(host: string): Promise<Addresses> {
    if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }]
    const name = host.toLowerCase().replace(/\.$/, '')
    const listed = this.#sources().filesFirst ? this.#hosts().get(name) : undefined
    if (listed !== undefined) return listed
    // Also with a dot: a name server must not say where secrets for plain http on loopback go.
    if (name === 'localhost') return loopback
    const known = this.#flights.get(host)
    if (known !== undefined) return await known
    const flight = this.#ask(host).finally(() => this.#flights.delete(host))
    this.#flights.set(host, flight)
    return await flight
  }

  async #ask(host: string): Promise<Addresses> {
    const { resolver, ndots, searches } = this.#resolving()
    const plain =
      this.#servers !== undefined || (process.platform === 'linux' && this.#sources().filesThenDns)
    // The search domains complete a name with few dots, and are getaddrinfo's business.
    const rooted = host.endsWith('.')
    const dots = host.split('.').length - 1
    if (!plain || (dots < Math.max(ndots, 1) && !rooted)) return await this.#getaddrinfo(host)
    try {
      return await askDns(resolver, host)
    } catch (error) {
      if (codeOf(error) === 'ENOTFOUND' && searches && !rooted) return await this.#getaddrinfo(host)
      throw error
    }
  }

  async #getaddrinfo(host: string): Promise<Addresses> {
    // Each name is in the queue once, so no host holds up the others with many requests.
    return await this.#turns.run(
      () => this.#system(host),
      () => failure(host, 'EAI_AGAIN'),
    )
  }
}

function askSystem(host: string): Promise<Addresses> {
  return getaddrinfo(host, { all: true })
}

/** The names of this system, for all connections of the process: the threads are the process's too. */
export const systemNames = new Names()

const loopback: Addresses = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

interface Resolving extends Searching {
  readonly resolver: Resolver
}

function resolvingOf(text: string, servers: readonly string[] | undefined): Resolving {
  const resolver = new Resolver(patience)
  if (servers !== undefined) return { resolver: withServers(resolver, servers), ndots: 1, searches: false }
  return { resolver, ...parseResolvConf(text, hostname()) }
}

function withServers(resolver: Resolver, servers: readonly string[]): Resolver {
  resolver.setServers(servers)
  return resolver
}

async function askDns(resolver: Resolver, host: string): Promise<Addresses> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const ipv4 = four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []
  const ipv6 = six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []
  if (ipv4.length + ipv6.length > 0) return reachesIpv6() ? [...ipv6, ...ipv4] : [...ipv4, ...ipv6]
  const absent = [four, six].every(
    (each) => each.status === 'rejected' && ['ENOTFOUND', 'ENODATA'].includes(codeOf(each.reason)),
  )
  throw failure(host, absent ? 'ENOTFOUND' : 'EAI_AGAIN')
}

/** RFC 6724 puts IPv6 first where the machine has an address of its own in it. */
function reachesIpv6(): boolean {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ family, internal, address }) => family === 'IPv6' && !internal && !address.startsWith('fe80:'))
}

function failure(host: string, code: 'ENOTFOUND' | 'EAI_AGAIN'): NodeJS.ErrnoException {
  return Object.assign(new Error(`the look-up of ${host} failed: ${code}`), { code, hostname: host })
}

/** Reads a small system file again when it has changed. Synchronous, because asynchronous reads share the threads. */
function cached<T>(path: string, parse: (text: string) => T): () => T {
  let held: { readonly stamp: string; readonly value: T } | undefined
  return () => {
    const stat = statSync(path, { throwIfNoEntry: false })
    const stamp = stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`
    if (held?.stamp !== stamp)
      held = { stamp, value: parse(stat === undefined ? '' : readFileSync(path, 'utf8')) }
    return held.value
  }
}
