import { siteOf } from '../cookies/site.ts'
import { commandWords } from '../credentials/value-command.ts'
import { HallpassError, messageOf } from '../errors.ts'
import { type Probe, type Verdict, verdictOf } from '../plan/probe.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import type { Session } from '../sessions/session.ts'
import { type SiteHealth, withCheck, withVerdict } from '../sessions/site-health.ts'
import { runCommand } from '../sessions/values/run-command.ts'
import type { RequestOptions } from './connector.ts'

/** A person waits for the answer, or the end of a `run`. */
const answerWithinMs = 10_000

/** docs/sessions.md names it. */
const maxBodyBytes = 1_048_576

export interface LoginCheck {
  readonly session: string
  readonly site: string
  readonly verdict: Verdict
  readonly health: SiteHealth
}

export interface LoginChecksParts {
  /** By host, from the configuration in force. */
  readonly probes: () => ReadonlyMap<string, Probe>
  readonly fetchWith: (options: RequestOptions) => typeof fetch
  readonly now: () => number
}

/** Finds out whether logins are alive, by the probes of the configuration. A request of a probe is one of the session like any other. */
export class LoginChecks {
  readonly #parts: LoginChecksParts
  readonly #running = new Map<string, Promise<LoginCheck | undefined>>()

  constructor(parts: LoginChecksParts) {
    this.#parts = parts
  }

  /** The sites of the session that have a probe. */
  async sites(session: Session): Promise<readonly string[]> {
    const sites = new Set<string>()
    for (const [host, probe] of this.#parts.probes())
      if ((await this.#held(session, host, probe)) !== 'nothing') sites.add(siteOf(hostIn(host)))
    return [...sites].sort()
  }

  /** The sites that have a probe. */
  get probed(): readonly string[] {
    return [...new Set([...this.#parts.probes().keys()].map((host) => siteOf(hostIn(host))))]
  }

  /** How often a running proxy asks, as the configuration writes it; undefined if it does not ask by itself. */
  every(site: string): string | undefined {
    return this.#probesOf(site).find(([, { every }]) => every !== undefined)?.[1].every
  }

  /** Runs the probes of a site, and keeps the verdict. Resolves to undefined if the site has no probe. Calls that come during a run share its verdict. */
  check(session: Session, site: string): Promise<LoginCheck | undefined> {
    const key = `${session.id} ${site}`
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const check = this.#check(session, site).finally(() => this.#running.delete(key))
    this.#running.set(key, check)
    return check
  }

  async #check(session: Session, site: string): Promise<LoginCheck | undefined> {
    const probes = this.#probesOf(site)
    if (probes.length === 0) return undefined
    let verdict: Verdict = { kind: 'alive' }
    let page: string | undefined
    for (const [host, probe] of probes) {
      const found = await this.#ask(session, host, probe)
      // One dead login is enough. What is unknown is not alive.
      if (found.kind === 'alive' || (found.kind === 'unknown' && verdict.kind === 'dead')) continue
      verdict = found
      page = `${new URL(urlOf(host, probe)).origin}/`
      if (found.kind === 'dead') break
    }
    const now = this.#parts.now()
    const health = await session.health.update(site, (before) => {
      const after =
        verdict.kind === 'unknown'
          ? before
          : withVerdict(before, { ...verdict, ...(page && { url: page }) }, now)
      return withCheck(after, now)
    })
    return { session: session.name, site, verdict, health }
  }

  #probesOf(site: string): readonly (readonly [string, Probe])[] {
    return [...this.#parts.probes()].filter(([host]) => siteOf(hostIn(host)) === site)
  }

  async #ask(session: Session, host: string, probe: Probe): Promise<Verdict> {
    if (probe.command !== undefined) return runProbe(probe.command, session.name)
    const held = await this.#held(session, host, probe)
    if (held !== 'live')
      return { kind: 'dead', reason: `the session has nothing that goes to ${host} any more` }
    try {
      return await this.#fetch(session, host, probe)
    } catch (error) {
      // A name that does not resolve, a certificate: nothing is known about the login.
      const reason = error instanceof HallpassError ? error.message : messageOf(error)
      return { kind: 'unknown', reason: `${host}: ${reason}` }
    }
  }

  async #fetch(session: Session, host: string, probe: Probe): Promise<Verdict> {
    const url = urlOf(host, probe)
    // The answer is the verdict: a redirect is not followed.
    const fetch = this.#parts.fetchWith({ session: session.name, only: [new URL(url).hostname] })
    const signal = AbortSignal.timeout(answerWithinMs)
    const response = await fetch(url, { redirect: 'manual', signal })
    const { status, headers } = response
    const { expect = {} } = probe
    const reads = expect.bodyContains !== undefined || expect.jsonPath !== undefined
    const body = reads ? await startOf(response) : ''
    await response.body?.cancel().catch(() => undefined)
    return verdictOf(expect, { url, status, headers, body })
  }

  /** Whether something of the session goes to the host of a probe: `gone` if all of it has ended. */
  async #held(session: Session, host: string, probe: Probe): Promise<'live' | 'gone' | 'nothing'> {
    const { cookies, credentials } = await session.explain(urlOf(host, probe))
    if (cookies.attached.length + credentials.attached.length > 0) return 'live'
    return cookies.withheld.length + credentials.withheld.length > 0 ? 'gone' : 'nothing'
  }
}

async function runProbe(command: string, session: string): Promise<Verdict> {
  const words = commandWords(command)
  if (typeof words === 'string') return { kind: 'unknown', reason: words }
  const ended = await runCommand(words, { ...process.env, HALLPASS_SESSION: session })
  if ('printed' in ended) return { kind: 'alive' }
  return { kind: ended.status === undefined ? 'unknown' : 'dead', reason: ended.failed }
}

function hostIn(pattern: string): string {
  return parseHostPattern(pattern).host
}

function urlOf(host: string, { url }: Probe): string {
  return url ?? `https://${host}/`
}

async function startOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= maxBodyBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8')
}
