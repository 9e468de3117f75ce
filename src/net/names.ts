import { lookup as getaddrinfo, type LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { readFileSync, statSync } from 'node:fs'
import { isIP, type LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import { codeOf } from './causes.ts'

/** Of libuv's four threads files and cryptography need two, and each getaddrinfo holds one until the name server answers. */
const mostGetaddrinfo = 2
/** As long as a connection may take: later nobody waits for the answer. */
const queueMs = 20_000
/** Twice 2.5 seconds leave time to connect. */
const patience = { timeout: 2_500, tries: 2 }

type Addresses = readonly LookupAddress[]

/**
 * Looks names up without libuv's threads where the system asks only its hosts file and DNS: eight unanswered names would
 * hold the threads, and stop every other name and file for 20 seconds. Where the system has other sources (mDNS, LDAP,
 * macOS, Windows), getaddrinfo answers, two names at once.
 */
export class Names {
  readonly #servers: readonly string[] | undefined
  /** One look-up for all who ask for the same name. */
  readonly #flights = new Map<string, Promise<Addresses>>()
  readonly #queue = new Set<() => void>()
  #running = 0
  readonly #hosts = cached('/etc/hosts', parseHosts)
  readonly #sources = cached('/etc/nsswitch.conf', onlyFilesAndDns)
  readonly #resolving: () => Resolving

  /** @param servers name servers, `address:port`, in place of the system's sources. */
  constructor(servers?: readonly string[]) {
    this.#servers = servers
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
    const listed = this.#hosts().get(name)
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
    const plain = this.#servers !== undefined || (process.platform === 'linux' && this.#sources())
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
    if (this.#running >= mostGetaddrinfo) await this.#turn(host)
    else this.#running += 1
    const { promise, resolve, reject } = Promise.withResolvers<Addresses>()
    getaddrinfo(host, { all: true }, (error, found) => {
      // The turn goes to the first in the queue. Each name is there once, so no host holds up the others with many requests.
      const [next] = this.#queue
      if (next === undefined) this.#running -= 1
      else next()
      if (error === null) resolve(found)
      else reject(error)
    })
    return await promise
  }

  async #turn(host: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const go = () => {
      this.#queue.delete(go)
      resolve()
    }
    const late = setTimeout(() => {
      this.#queue.delete(go)
      reject(failure(host, 'EAI_AGAIN'))
    }, queueMs)
    late.unref()
    this.#queue.add(go)
    await promise
    clearTimeout(late)
  }
}

/** The names of this system, for all connections of the process: the threads are the process's too. */
export const systemNames = new Names()

const loopback: Addresses = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

interface Resolving {
  readonly resolver: Resolver
  /** resolv.conf(5): a name with fewer dots meets the search domains first. */
  readonly ndots: number
  readonly searches: boolean
}

function resolvingOf(text: string, servers: readonly string[] | undefined): Resolving {
  const resolver = new Resolver(patience)
  if (servers !== undefined) return { resolver: withServers(resolver, servers), ndots: 1, searches: false }
  const ndots = Number(/^options\s(?:.*\s)?ndots:(\d+)/m.exec(text)?.[1] ?? 1)
  return { resolver, ndots, searches: /^(?:search|domain)\s+[^\s.]/m.test(text) }
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

/** nsswitch.conf(5). A system without the file asks both. */
function onlyFilesAndDns(text: string): boolean {
  const sources = /^hosts:([^#\n]*)/m.exec(text)?.[1] ?? 'files dns'
  return sources.split(/\s+/).every((source) => ['', 'files', 'dns'].includes(source))
}

/** hosts(5): the address, then its names. */
function parseHosts(text: string): ReadonlyMap<string, Addresses> {
  const hosts = new Map<string, LookupAddress[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    if (isIP(address) === 0) continue
    for (const name of names) {
      const listed = hosts.get(name.toLowerCase()) ?? []
      hosts.set(name.toLowerCase(), [...listed, { address, family: isIP(address) }])
    }
  }
  return hosts
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
