import { kindNames } from '../credentials/kinds.ts'
import { type ErrorCode, errorTable, type HallpassError } from '../errors.ts'
import { Histogram, zeros } from '../histogram.ts'
import type { Plan } from '../plan/plan.ts'
import { type WithheldReason, withheldReason } from '../plan/withheld-reason.ts'
import { upstreamCause, upstreamCauses } from './upstream-cause.ts'

/** The ends that a request can come to. */
export const outcomes = [
  /** The client has the whole answer of the origin. */
  'answered',
  /** It became a WebSocket. */
  'upgraded',
  /** It was for hallpass.internal. */
  'internal',
  /** hallpass itself answered with a status below 500. */
  'refused',
  /** hallpass itself answered with a status of 500 or more. */
  'failed',
  /** The answer broke off. */
  'cut',
  /** The client left before the end. */
  'abandoned',
] as const

export type Outcome = (typeof outcomes)[number]

export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** What came of a request. `attached` and `captured` are names: neither log nor counts hold values. */
export interface Finished {
  readonly outcome: Outcome
  readonly status: number
  /** undefined if the request failed before the decision. */
  readonly plan: Plan | undefined
  readonly attached: readonly string[]
  readonly captured: readonly string[]
}

/** The status is of an answer by hallpass itself. */
const own: ReadonlySet<Outcome> = new Set(['internal', 'refused', 'failed'])

export interface Withheld {
  readonly kind: string
  readonly reason: WithheldReason
  count: number
}

/** Event streams and language models take minutes. */
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/**
 * All that one proxy has done since its start, as plain numbers. `status` and `/metrics` read them. To tell prom-client of each
 * request would take fifty times as long.
 */
export class Counts {
  readonly startedAt = Date.now()
  connections = 0
  /** Connections that were turned away, because there were too many. */
  dropped = 0
  /** Of closed client connections. */
  received = 0
  sent = 0
  /** Heads of requests, CONNECT too. */
  requests = 0
  tunnels = 0
  readonly passing = { open: 0, toOrigin: 0, toClient: 0 }
  readonly outcomes = zeros(outcomes)
  readonly statuses = zeros(statusClasses)
  readonly seconds = new Histogram(requestSeconds)
  /** Cookies and credentials on requests, by kind. */
  readonly attached = zeros(['cookie', ...kindNames])
  readonly #withheld = new Map<string, Withheld>()
  captured = 0
  /** Requests that were sent again after a 401. */
  replayed = 0
  readonly errors = zeros(Object.keys(errorTable) as ErrorCode[])
  readonly upstreamErrors = zeros(upstreamCauses)
  /** One plan serves thousands of requests. */
  readonly #ofPlans = new WeakMap<Plan, readonly Withheld[]>()

  get withheld(): Iterable<Readonly<Withheld>> {
    return this.#withheld.values()
  }

  finished({ outcome, status, plan, attached, captured }: Finished, ms: number): void {
    this.outcomes[outcome] += 1
    this.seconds.observe(ms / 1000)
    this.captured += captured.length
    const statusClass = own.has(outcome) ? undefined : statusClasses[Math.floor(status / 100) - 1]
    if (statusClass !== undefined) this.statuses[statusClass] += 1
    if (plan === undefined) return
    for (const name of attached) this.#attach(name, plan)
    for (const withheld of this.#withheldBy(plan)) withheld.count += 1
  }

  /** hallpass itself answered, or cut a connection that it could not pass on. */
  failed(error: HallpassError): void {
    this.errors[error.code] += 1
    const cause = upstreamCause(error)
    if (cause !== undefined) this.upstreamErrors[cause] += 1
  }

  #attach(name: string, plan: Plan): void {
    if (name.startsWith('cookie:')) {
      this.attached.cookie = (this.attached.cookie ?? 0) + 1
      return
    }
    const credential = name.slice(name.lastIndexOf('(') + 1, -1)
    const kind = plan.credentials.attached.find((each) => each.name === credential)?.kind
    if (kind !== undefined) this.attached[kind] = (this.attached[kind] ?? 0) + 1
  }

  /** A label for each cookie and credential that the plan withholds. */
  #withheldBy(plan: Plan): readonly Withheld[] {
    const known = this.#ofPlans.get(plan)
    if (known !== undefined) return known
    const cookies = plan.cookies.withheld.map((each) => this.#label('cookie', withheldReason(each)))
    const credentials = plan.credentials.withheld.map((each) => this.#label(each.kind, withheldReason(each)))
    const made = [...cookies, ...credentials]
    this.#ofPlans.set(plan, made)
    return made
  }

  #label(kind: string, reason: WithheldReason): Withheld {
    const key = `${kind} ${reason}`
    const known = this.#withheld.get(key)
    if (known !== undefined) return known
    const made = { kind, reason, count: 0 }
    this.#withheld.set(key, made)
    return made
  }
}
