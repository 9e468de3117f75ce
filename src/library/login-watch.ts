import { fromWire } from '../documents/from-wire.ts'
import type { Log } from '../log.ts'
import { parseSeconds } from '../parse-seconds.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { trustedMs } from '../sessions/site-health.ts'
import { endingLogins } from '../sessions/site-logins.ts'
import type { LoginChecks } from './login-checks.ts'

export interface LoginWatchParts {
  readonly sessions: Sessions
  readonly checks: LoginChecks
  /** From the configuration in force. */
  readonly warnDays: () => number
  readonly log: Log
  readonly now: () => number
  readonly random: () => number
}

/** How often it looks for what is due. */
const lookMs = 10_000
/** The time of the last use of a site is exact to the minute. */
const saveUseMs = 60_000
/** Probes at a time. The others wait for the next look. */
const maxChecks = 4
/** A part of the time between two probes. Many proxies that start together do not ask together for long. */
const jitter = 0.1
/** The end of a `run` or of the proxy waits no longer for probes under way. */
const settleMs = 5_000

/** Asks whether logins are alive: at once when one is in doubt, and now and then where the configuration says so. */
export class LoginWatch {
  readonly #parts: LoginWatchParts
  readonly #timer: NodeJS.Timeout
  readonly #checks = new Set<Promise<void>>()
  /** When a site was last asked by this process, by session and site. */
  readonly #asked = new WeakMap<Session, Map<string, { readonly at: number; readonly jitter: number }>>()
  #usesSavedAt: number
  #stopped = false

  constructor(parts: LoginWatchParts) {
    this.#parts = parts
    this.#usesSavedAt = parts.now()
    parts.sessions.onDoubt = (session, site) => this.#ask(session, site)
    // The store may fail for a while. The next look tries again.
    this.#timer = setInterval(() => void this.look().catch(() => undefined), lookMs)
    // A process must not stay alive for its probes.
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#parts.sessions.onDoubt = undefined
    clearInterval(this.#timer)
    await this.settled()
  }

  /** Resolves when no probe is under way, or it takes too long. */
  async settled(): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, settleMs)
    await Promise.race([Promise.all(this.#checks), late.promise])
    clearTimeout(timer)
  }

  /** Starts the probes that are due. */
  async look(): Promise<void> {
    const { sessions, checks, now } = this.#parts
    if (now() - this.#usesSavedAt >= saveUseMs) {
      this.#usesSavedAt = now()
      await sessions.saveUse()
      for (const session of sessions.held) await this.#warn(session)
    }
    for (const session of sessions.held) {
      for (const site of checks.probed) {
        const health = await session.health.read(site).catch(() => undefined)
        if (health?.state === 'suspect') this.#ask(session, site)
        else if (health !== undefined && this.#isDue(session, site, health.checkedAt))
          this.#ask(session, site)
      }
    }
  }

  /** Logs once that a login ends: by whatever process, and until it has another end. */
  async #warn(session: Session): Promise<void> {
    const { log, warnDays, now } = this.#parts
    for (const { site, reason, endsAt = '' } of await endingLogins(session, {
      warnDays: warnDays(),
      now: now(),
    })) {
      const end = Date.parse(endsAt)
      if ((await session.health.read(site)).warnedOf === end) continue
      await session.health.update(site, (health) => ({ ...health, warnedOf: end }))
      log.warn(
        `the login at ${site} of the session "${session.name}" ends at ${endsAt}, with the cookie ${fromWire(reason)}`,
      )
    }
  }

  #isDue(session: Session, site: string, checkedAt = 0): boolean {
    const every = parseSeconds(this.#parts.checks.every(site) ?? '')
    // A probe is a use, and would keep a session alive that nobody uses.
    if (every === undefined || session.metadata.expiresAt !== undefined) return false
    const asked = this.#asked.get(session)?.get(site)
    const last = Math.max(checkedAt, asked?.at ?? 0)
    // Later by a random part, never earlier: the configuration sets the least time.
    return this.#parts.now() >= last + every * 1000 * (1 + (asked?.jitter ?? 0))
  }

  #ask(session: Session, site: string): void {
    const { now, random } = this.#parts
    const asked = this.#asked.get(session) ?? new Map()
    const last = asked.get(site)?.at ?? Number.NEGATIVE_INFINITY
    if (this.#stopped || this.#checks.size >= maxChecks || now() - last < trustedMs) return
    asked.set(site, { at: now(), jitter: random() * jitter })
    this.#asked.set(session, asked)
    const check = this.#check(session, site).finally(() => this.#checks.delete(check))
    this.#checks.add(check)
  }

  async #check(session: Session, site: string): Promise<void> {
    const { checks, log } = this.#parts
    try {
      if (!(await checks.sites(session)).includes(site)) return
      const { verdict } = (await checks.check(session, site)) ?? {}
      if (verdict?.kind === 'dead')
        log.warn(`the login at ${site} of the session "${session.name}" has ended: ${verdict.reason}`)
      if (verdict?.kind === 'unknown')
        log.info(
          `the login at ${site} of the session "${session.name}" could not be checked: ${verdict.reason}`,
        )
    } catch {
      // The session is gone, or its record cannot be written. A command that needs them says so.
    }
  }
}
