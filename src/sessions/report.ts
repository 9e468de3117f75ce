import type { HallpassError } from '../errors.ts'
import type { Fault } from '../plan/faults.ts'

/** A client with more different ones is a script out of control. The newest answers and credentials help. */
const maxEach = 50

/** The proxy's own answer to a request, in place of the site's. */
export interface OwnAnswer {
  readonly session: string
  readonly code: string
  readonly message: string
  readonly hint: string | null
  readonly count: number
  /** RFC 3339, UTC; the last time. */
  readonly at: string
}

/** A credential that should have gone to an origin; of each credential the last time. */
export interface NotAttached extends Fault {
  readonly session: string
  /** Of the origin: `https://api.example.com/`. */
  readonly url: string
  readonly count: number
  /** RFC 3339, UTC; the last time. */
  readonly at: string
}

export interface ReportSummary {
  readonly requests: number
  /** Requests that carried something of the session. */
  readonly attached: number
  /** Connections that passed as bytes. */
  readonly tunnels: number
  readonly captured: readonly { readonly host: string; readonly names: readonly string[] }[]
  readonly answers: readonly OwnAnswer[]
  readonly notAttached: readonly NotAttached[]
}

export interface ClientSummary extends ReportSummary {
  /** Names of credentials that its requests used and that need a login. */
  readonly needsLogin: readonly string[]
  /** Sites that its requests carried something of the session to. */
  readonly used: readonly string[]
  /** Sites that answered its requests as if a login had ended. */
  readonly doubted: readonly string[]
}

/** The outcome of the requests of one client, or of all clients of a proxy. */
export class Report {
  /** The report of all clients, which learns all but the logins: `neededLogins` and `siteLogins` find those of every session. */
  readonly #all: Report | undefined
  #requests = 0
  #attached = 0
  #tunnels = 0
  readonly #captured = new Map<string, Set<string>>()
  readonly #answers = new Map<string, OwnAnswer>()
  readonly #notAttached = new Map<string, NotAttached>()
  readonly #needsLogin = new Set<string>()
  readonly #used = new Set<string>()
  readonly #doubted = new Set<string>()

  constructor(all?: Report) {
    this.#all = all
  }

  request(attached: readonly string[]): void {
    this.#requests++
    if (attached.length > 0) this.#attached++
    this.#all?.request(attached)
  }

  tunnel(): void {
    this.#tunnels++
    this.#all?.tunnel()
  }

  captured(host: string, names: readonly string[]): void {
    if (names.length === 0) return
    const held = this.#captured.get(host) ?? new Set()
    for (const name of names) if (held.size < maxEach) held.add(name)
    put(this.#captured, host, held)
    this.#all?.captured(host, names)
  }

  answered(session: string, error: HallpassError): void {
    const { code, message, hint = null } = error
    const key = `${session} ${message}`
    const count = (this.#answers.get(key)?.count ?? 0) + 1
    put(this.#answers, key, { session, code, message, hint, count, at: new Date().toISOString() })
    this.#all?.answered(session, error)
  }

  /** Once for each credential. */
  notAttached(session: string, url: string, { name, reason }: Fault): void {
    const key = `${session} ${name}`
    const count = (this.#notAttached.get(key)?.count ?? 0) + 1
    put(this.#notAttached, key, { session, url, name, reason, count, at: new Date().toISOString() })
    this.#all?.notAttached(session, url, { name, reason })
  }

  needsLogin(name: string): void {
    this.#needsLogin.add(name)
  }

  /** A request carried something of the session to a site. */
  used(site: string): void {
    if (this.#used.size < maxEach) this.#used.add(site)
  }

  /** A site answered as if a login had ended. */
  doubted(site: string): void {
    if (this.#doubted.size < maxEach) this.#doubted.add(site)
  }

  get summary(): ReportSummary {
    return {
      requests: this.#requests,
      attached: this.#attached,
      tunnels: this.#tunnels,
      captured: [...this.#captured].map(([host, names]) => ({ host, names: [...names] })),
      answers: [...this.#answers.values()],
      notAttached: [...this.#notAttached.values()],
    }
  }

  get clientSummary(): ClientSummary {
    return {
      ...this.summary,
      needsLogin: [...this.#needsLogin].sort(),
      used: [...this.#used].sort(),
      doubted: [...this.#doubted].sort(),
    }
  }
}

/** The oldest entry makes room for a new one. */
function put<Value>(entries: Map<string, Value>, key: string, value: Value): void {
  entries.delete(key)
  const [oldest] = entries.keys()
  if (entries.size >= maxEach && oldest !== undefined) entries.delete(oldest)
  entries.set(key, value)
}
