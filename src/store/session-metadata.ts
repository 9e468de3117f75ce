import { HallpassError } from '../errors.ts'
import { isObject, parseJsonObject } from '../json.ts'
import { damaged } from './seal.ts'
import { checkTraits } from './session-traits.ts'
import type { SessionMetadata } from './store.ts'
import type { Uptime } from './uptime.ts'

/** The text of a session.json. */
export function formatSession(session: SessionMetadata): string {
  return `${JSON.stringify(session, null, 2)}\n`
}

/** Members that a newer hallpass wrote stay, so that the next write keeps them. Throws `record-damaged` with the name of the file. */
export function parseSession(text: string, name: string, file: string): SessionMetadata {
  const parsed = parseJsonObject(text)
  if (parsed === undefined || parsed.name !== name || typeof parsed.createdAt !== 'string')
    throw damaged(file)
  const { id, createdAt, expiresAt, lastUsedAt, ttlSeconds, renew, endsAtUptime } = parsed
  const hasTtl = ttlSeconds === undefined || typeof ttlSeconds === 'number'
  const hasRenew = renew === undefined || typeof renew === 'boolean'
  if (!hasTtl || !hasRenew || !(endsAtUptime === undefined || isUptime(endsAtUptime))) throw damaged(file)
  return {
    ...parsed,
    name,
    // An older hallpass wrote no id. The time of making tells its sessions apart.
    id: id === undefined ? createdAt : stringIn(id, file),
    createdAt,
    ...(expiresAt !== undefined && { expiresAt: stringIn(expiresAt, file) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: stringIn(lastUsedAt, file) }),
    ...traitsIn(parsed, file),
  }
}

function isUptime(value: unknown): value is Uptime {
  return isObject(value) && typeof value.boot === 'string' && typeof value.seconds === 'number'
}

function stringIn(value: unknown, file: string): string {
  if (typeof value === 'string') return value
  throw damaged(file)
}

function traitsIn(parsed: Readonly<Record<string, unknown>>, file: string) {
  try {
    return checkTraits(parsed)
  } catch (error) {
    throw error instanceof HallpassError ? damaged(file) : error
  }
}
