import type { Freshness } from '../../../credentials/kind.ts'
import { spokenDuration, spokenTime } from '../../../spoken-time.ts'

/** The life of a token that is refreshed: `expires in 42 min, refreshes 5 min before`. */
export function lifeText({ expiresAt, dueAt, refreshable, needsLogin }: Freshness, now: number): string {
  if (needsLogin !== undefined) return `needs login: ${needsLogin}`
  if (expiresAt === undefined) return refreshable ? 'refreshed after a 401' : 'not refreshed here'
  const life =
    expiresAt > now ? `expires ${spokenTime(expiresAt, now)}` : `expired ${spokenTime(expiresAt, now)}`
  if (!refreshable) return `${life}, not refreshed here`
  if (dueAt === undefined || dueAt <= now) return `${life}, refreshes with the next request`
  return dueAt < expiresAt
    ? `${life}, refreshes ${spokenDuration(expiresAt - dueAt)} before`
    : `${life}, refreshes ${spokenTime(dueAt, now)}`
}

/** The refreshes so far: `refreshed 3 times, last 18 min ago`; empty before the first. */
export function historyText({ refreshes, last }: Freshness, now: number): string {
  const times = refreshes === 1 ? 'once' : `${refreshes} times`
  const count = refreshes === 0 ? '' : `refreshed ${times}`
  if (last === undefined) return count
  if (last.result === 'refreshed') return `${count}, last ${spokenTime(last.at, now)}`
  const failed = `the last refresh failed ${spokenTime(last.at, now)}${last.reason === undefined ? '' : `: ${last.reason}`}`
  return count === '' ? failed : `${count}; ${failed}`
}
