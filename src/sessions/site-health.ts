import { HallpassError } from '../errors.ts'
import { isObject } from '../json.ts'
import type { LoginSign } from '../plan/login-sign.ts'
import type { Verdict } from '../plan/probe.ts'
import type { Json } from '../store/store.ts'

/** `suspect`: the site answered as if the login had ended. `needs-login`: it has ended. */
export type LoginState = 'ok' | 'suspect' | 'needs-login'

/** The login of a session at one site. Times are ms since the epoch. */
export interface SiteHealth {
  readonly state: LoginState
  /** Of the state. */
  readonly since?: number
  /** For people: `app.example.com answered 401 with the cookies`. */
  readonly reason?: string
  /** The page to sign in at. */
  readonly url?: string
  /** The credential that it is about; undefined: the cookies. */
  readonly credential?: string
  /** A success at this path of the host of `url` ends a suspicion; undefined: at any. */
  readonly path?: string
  /** When a person or a probe last said whether the login is alive. */
  readonly verifiedAt?: number
  /** When a probe last ran, whatever came of it. */
  readonly checkedAt?: number
  /** The end of the login that the log has named. */
  readonly warnedOf?: number
  /** Exact to the minute. */
  readonly lastUsedAt?: number
}

export const unknownHealth: SiteHealth = { state: 'ok' }

/** After a look that found the login alive, a sign is not about the login. It is also the least time between two looks. */
export const trustedMs = 60_000

/** The site answered as if the login had ended. Returns the same object if that is no news. */
export function withSign(health: SiteHealth, sign: LoginSign & { readonly url: string }, now: number) {
  if (health.state !== 'ok') return health
  // Somebody may have set the clock back since.
  if (health.verifiedAt !== undefined && Math.abs(now - health.verifiedAt) < trustedMs) return health
  const { reason, url, credential, path } = sign
  return {
    ...lasting(health),
    state: 'suspect',
    since: now,
    reason,
    url,
    ...(credential !== undefined && { credential }),
    ...(path !== undefined && { path }),
  } satisfies SiteHealth
}

/** A host of the site answered with success. That ends a suspicion, if it is an answer to the same question. */
export function withSuccess(
  health: SiteHealth,
  { url, path }: { readonly url: string; readonly path: string },
  now: number,
): SiteHealth {
  if (health.state !== 'suspect') return health
  // Hosts of one site differ: pictures come from a host that needs no login.
  if ((health.url ?? url) !== url || (health.path ?? path) !== path) return health
  return { ...lasting(health), state: 'ok', since: now }
}

/** The session got other cookies or another value. That ends what was known before. */
export function withNewLogin(health: SiteHealth, now: number): SiteHealth {
  if (health.state === 'ok') return health
  const { verifiedAt: _, ...kept } = lasting(health)
  return { ...kept, state: 'ok', since: now }
}

/** A person or a probe says that the login is alive, or dead. */
export function withVerdict(
  health: SiteHealth,
  verdict: Exclude<Verdict, { readonly kind: 'unknown' }> & { readonly url?: string },
  now: number,
): SiteHealth {
  const state = verdict.kind === 'alive' ? 'ok' : 'needs-login'
  const since = state === health.state ? health.since : now
  return {
    ...lasting(health),
    state,
    ...(since !== undefined && { since }),
    ...(verdict.kind === 'dead' && { reason: verdict.reason }),
    ...(verdict.kind === 'dead' && verdict.url !== undefined && { url: verdict.url }),
    verifiedAt: now,
  }
}

export function withCheck(health: SiteHealth, now: number): SiteHealth {
  return { ...health, checkedAt: now }
}

export function withUse(health: SiteHealth, now: number): SiteHealth {
  return { ...health, lastUsedAt: now }
}

/** The parts that outlive a change of state. */
function lasting({ verifiedAt, checkedAt, warnedOf, lastUsedAt }: SiteHealth) {
  return {
    ...(verifiedAt !== undefined && { verifiedAt }),
    ...(checkedAt !== undefined && { checkedAt }),
    ...(warnedOf !== undefined && { warnedOf }),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  }
}

/** From a record. @throws HallpassError `record-damaged` */
export function parseHealth(value: Json | undefined): SiteHealth {
  if (value === undefined) return unknownHealth
  if (!isObject(value)) throw damaged()
  const { state, since, reason, url, credential, path, verifiedAt, checkedAt, warnedOf, lastUsedAt } = value
  const texts = [reason, url, credential, path]
  const times = [since, verifiedAt, checkedAt, warnedOf, lastUsedAt]
  if (state !== 'ok' && state !== 'suspect' && state !== 'needs-login') throw damaged()
  if (texts.some((text) => text !== undefined && typeof text !== 'string')) throw damaged()
  if (times.some((time) => time !== undefined && !Number.isFinite(time))) throw damaged()
  return value as unknown as SiteHealth
}

function damaged(): HallpassError {
  return new HallpassError('record-damaged', 'a record of the health of a site is damaged')
}
