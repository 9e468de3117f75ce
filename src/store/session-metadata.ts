import { HallpassError } from '../errors.ts'
import { isObject, parseJsonObject } from '../json.ts'
import { damaged } from './seal.ts'
import { checkTraits, type SessionTraits, traitNames } from './session-traits.ts'
import type { SessionMetadata } from './store.ts'
import type { Uptime } from './uptime.ts'

/** The traits of a file that failed their checks. A copy by `...` takes them along. */
const refusedTraits = Symbol('refused traits')

interface Parsed extends SessionMetadata {
  readonly [refusedTraits]?: Readonly<Record<string, unknown>>
}

/** The text of a session.json. */
export function formatSession(session: Parsed): string {
  return `${JSON.stringify({ ...session[refusedTraits], ...session }, null, 2)}\n`
}

/**
 * Members that a newer hallpass wrote stay, so that the next write keeps them. So does a trait that fails its check, and the session
 * does without: the data of another Node can lack its time zone. Throws `record-damaged` with the name of the file.
 */
export function parseSession(text: string, name: string, file: string): Parsed {
  const parsed = parseJsonObject(text)
  if (parsed === undefined || parsed.name !== name || typeof parsed.createdAt !== 'string')
    throw damaged(file)
  const { id, createdAt, expiresAt, lastUsedAt, ttlSeconds, renew, endsAtUptime } = parsed
  const hasTtl = ttlSeconds === undefined || typeof ttlSeconds === 'number'
  const hasRenew = renew === undefined || typeof renew === 'boolean'
  if (!hasTtl || !hasRenew || !(endsAtUptime === undefined || isUptime(endsAtUptime))) throw damaged(file)
  const { traits, refused } = traitsIn(parsed)
  const others = Object.entries(parsed).filter(([member]) => !Object.hasOwn(refused, member))
  return {
    ...Object.fromEntries(others),
    name,
    // An older hallpass wrote no id. The time of making tells its sessions apart.
    id: id === undefined ? createdAt : stringIn(id, file),
    createdAt,
    ...(expiresAt !== undefined && { expiresAt: stringIn(expiresAt, file) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: stringIn(lastUsedAt, file) }),
    ...traits,
    ...(Object.keys(refused).length > 0 && { [refusedTraits]: refused }),
  }
}

function isUptime(value: unknown): value is Uptime {
  return isObject(value) && typeof value.boot === 'string' && typeof value.seconds === 'number'
}

function stringIn(value: unknown, file: string): string {
  if (typeof value === 'string') return value
  throw damaged(file)
}

function traitsIn(parsed: Readonly<Record<string, unknown>>) {
  let traits: SessionTraits = {}
  const refused: Record<string, unknown> = {}
  for (const name of traitNames) {
    try {
      traits = { ...traits, ...checkTraits({ [name]: parsed[name] }) }
    } catch (error) {
      if (!(error instanceof HallpassError)) throw error
      refused[name] = parsed[name]
    }
  }
  return { traits, refused }
}
