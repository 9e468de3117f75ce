import type { SessionMetadata } from './store.ts'
import type { Uptime } from './uptime.ts'

/** Two clocks: people and programs set the first. A paused virtual machine stops the second. */
export interface LifeClock {
  readonly now: () => number
  readonly uptime: () => Uptime | undefined
}

/** Spelled out: in the declarations of the package, SessionMetadata lacks its second clock. */
export interface SessionEnd {
  readonly expiresAt?: NonNullable<SessionMetadata['expiresAt']>
  readonly endsAtUptime?: Uptime
}

/** A clock that was set by a day, in a wrong time zone too, ends no session. A machine that was paused over a weekend ends them. */
const doubtedMs = 2 * 86_400_000

/** In milliseconds since 1970. */
export function expiryOf({ expiresAt }: SessionEnd): number {
  return expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
}

/**
 * Whether the life of a session is over. Both clocks must say so: a clock that is set forward by a day must remove nothing. After a
 * restart of the machine only the first one counts, and so it does when the second one is far behind.
 */
export function isOver(end: SessionEnd, { now, uptime }: LifeClock): boolean {
  const overdueMs = now() - expiryOf(end)
  if (overdueMs < 0) return false
  if (overdueMs > doubtedMs) return true
  const { endsAtUptime } = end
  if (endsAtUptime === undefined) return true
  const since = uptime()
  return since?.boot !== endsAtUptime.boot || since.seconds >= endsAtUptime.seconds
}

/** So many seconds from now. */
export function endIn(seconds: number, { now, uptime }: LifeClock): SessionEnd {
  const expiresAt = new Date(now() + seconds * 1000).toISOString()
  const since = uptime()
  if (since === undefined) return { expiresAt }
  return { expiresAt, endsAtUptime: { boot: since.boot, seconds: since.seconds + seconds } }
}

/** Of both clocks the later time. A use does not shorten a life that was extended. */
export function laterOf(one: SessionEnd, other: SessionEnd): SessionEnd {
  const later = expiryOf(one) > expiryOf(other) ? one : other
  const { expiresAt } = later
  const [first, second] = [one.endsAtUptime, other.endsAtUptime]
  const sameBoot = first !== undefined && first.boot === second?.boot
  const endsAtUptime = sameBoot ? (first.seconds > second.seconds ? first : second) : (second ?? first)
  return { ...(expiresAt !== undefined && { expiresAt }), ...(endsAtUptime && { endsAtUptime }) }
}

/** So many seconds after an end. */
export function endAfter(end: SessionEnd, seconds: number, { now, uptime }: LifeClock): SessionEnd {
  const before = expiryOf(end)
  const expiresAt = new Date(before + seconds * 1000).toISOString()
  const since = uptime()
  if (since === undefined) return { expiresAt }
  const had = end.endsAtUptime
  const from = had?.boot === since.boot ? had.seconds : since.seconds + (before - now()) / 1000
  return { expiresAt, endsAtUptime: { boot: since.boot, seconds: from + seconds } }
}
