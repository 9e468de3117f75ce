import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { Authority } from '../../src/certs/authority.ts'
import { Leaves } from '../../src/certs/leaves.ts'
import type { Log, RequestEntry } from '../../src/log.ts'
import { Refresher } from '../../src/oauth/refresher.ts'
import { tokenFetch } from '../../src/oauth/token-fetch.ts'
import type { Limits } from '../../src/proxy/limits.ts'
import type { ProxyOptions, RunningProxy } from '../../src/proxy/options.ts'
import { startProxy } from '../../src/proxy/proxy.ts'
import { Clients } from '../../src/sessions/clients.ts'
import type { Session, SessionsConfig } from '../../src/sessions/session.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { homePaths, prepareHome } from '../../src/store/home.ts'
import { KeyRing } from '../../src/store/keyring.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { testRootPem } from './origin.ts'
import { basic, type RawClient, rawClient } from './raw-client.ts'

export interface TestProxyOptions {
  readonly host?: string
  readonly port?: number
  readonly spell?: (hint: string) => string
  readonly noAuth?: boolean
  /** `host[:port]` → `address[:port]`. */
  readonly resolve?: Readonly<Record<string, string>>
  readonly upstream?: ProxyOptions['upstream']
  readonly rules?: Partial<SessionsConfig>
  readonly limits?: Partial<Limits>
  readonly names?: ProxyOptions['names']
  readonly store?: Store
  /** PEMs to trust instead of the root of the test origins. */
  readonly roots?: readonly string[]
  /** Instead of `entries` and `messages`. */
  readonly log?: Log
}

/** A proxy in this process, with a store in memory, that trusts the root of the test origins. */
export class TestProxy implements AsyncDisposable {
  readonly proxy: RunningProxy
  readonly sessions: Sessions
  readonly session: Session
  readonly clients: Clients
  readonly caPem: string
  readonly token: string
  /** The request log. */
  readonly entries: RequestEntry[]
  /** The other lines of the log. */
  readonly messages: string[]

  constructor(fields: {
    proxy: RunningProxy
    sessions: Sessions
    session: Session
    clients: Clients
    caPem: string
    token: string
    entries: RequestEntry[]
    messages: string[]
  }) {
    this.proxy = fields.proxy
    this.sessions = fields.sessions
    this.session = fields.session
    this.clients = fields.clients
    this.caPem = fields.caPem
    this.token = fields.token
    this.entries = fields.entries
    this.messages = fields.messages
  }

  get port(): number {
    return this.proxy.port
  }

  /** The Proxy-Authorization of the session. */
  get authorization(): string {
    return basic(this.session.name, this.token)
  }

  get url(): string {
    return `http://${this.session.name}:${this.token}@127.0.0.1:${this.port}`
  }

  /** A connection to the proxy itself. */
  async client(): Promise<RawClient> {
    return await rawClient(this.port)
  }

  /** A connection inside an accepted CONNECT. */
  async tunnel(endpoint: string): Promise<RawClient> {
    const client = await this.client()
    client.send(
      `CONNECT ${endpoint} HTTP/1.1\r\nHost: ${endpoint}\r\nProxy-Authorization: ${this.authorization}\r\n\r\n`,
    )
    const head = await client.until(/\r\n\r\n/)
    if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`CONNECT ${endpoint}: ${head}`)
    return client
  }

  /** A connection inside CONNECT and TLS, to a host that the session knows. */
  async secure(host: string, options: ConnectionOptions = {}, port = 443): Promise<RawClient> {
    const client = await this.tunnel(`${host}:${port}`)
    return await client.secure({ ca: this.caPem, servername: host, ...options })
  }

  /** Gives the session a bearer token for these hosts: they are known from now on. */
  async knows(secret: string, ...hosts: readonly string[]): Promise<void> {
    await this.session.credentials.set('api', { kind: 'bearer', hosts }, secret)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close({ graceMs: 0 })
  }
}

let authority: Promise<Authority> | undefined

/** One authority for a test file; it outlives the single test. */
async function testAuthority(): Promise<Authority> {
  const root = mkdtempSync(join(tmpdir(), 'hallpass-ca-'))
  process.once('exit', () => rmSync(root, { recursive: true, force: true }))
  const home = homePaths(root)
  prepareHome(home)
  return await Authority.open(
    home,
    await KeyRing.open(home, { env: { HALLPASS_NO_KEYRING: '1' }, create: true }),
    { create: true },
  )
}

export async function startTestProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  authority ??= testAuthority()
  const ca = await authority
  const entries: RequestEntry[] = []
  const messages: string[] = []
  const say = (message: string) => {
    messages.push(message)
  }
  const log: Log = options.log ?? {
    request: (entry) => entries.push(entry),
    info: say,
    warn: say,
    error: say,
    scrub: () => {},
    forgotten: () => 0,
    close: async () => {},
  }
  const config: SessionsConfig = {
    rules: [],
    reveal: 'script',
    capture: [],
    intercept: 'known',
    ...options.rules,
  }
  const roots = options.roots ?? [testRootPem()]
  const fetch = tokenFetch({ roots, resolve: new Map() })
  const sessions = new Sessions({
    store: options.store ?? new MemoryStore(),
    config,
    refresher: new Refresher({ fetch, now: Date.now, log }),
  })
  const session = await sessions.get('default')
  const clients = new Clients(sessions)
  const proxy = await startProxy({
    listen: { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
    sessions,
    clients,
    leaves: new Leaves(ca),
    authority: ca,
    upstreamRoots: roots,
    resolve: new Map(Object.entries(options.resolve ?? {})),
    ...(options.upstream === undefined ? {} : { upstream: options.upstream }),
    log,
    ...(options.spell === undefined ? {} : { spell: options.spell }),
    ...(options.noAuth === true ? { noAuth: { session: 'default' } } : {}),
    limits: { sweepMs: 50, ...options.limits },
    ...(options.names === undefined ? {} : { names: options.names }),
  })
  const token = (await clients.sessionToken('default')).reveal()
  return new TestProxy({
    proxy,
    sessions,
    session,
    clients,
    caPem: ca.certificatePem,
    token,
    entries,
    messages,
  })
}
