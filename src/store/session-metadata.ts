import { isObject, parseJsonObject } from '../json.ts'
import { damaged } from './seal.ts'
import type { SessionMetadata } from './store.ts'

/** The text of a session.json. */
export function formatSession(session: SessionMetadata): string {
  return `${JSON.stringify(session, null, 2)}\n`
}

/** Throws `record-damaged`, naming the file. */
export function parseSession(text: string, name: string, file: string): SessionMetadata {
  const parsed = parseJsonObject(text)
  if (parsed === undefined || parsed.name !== name || typeof parsed.createdAt !== 'string')
    throw damaged(file)
  const { createdAt, expiresAt, lastUsedAt, userAgent, metadata } = parsed
  return {
    name,
    createdAt,
    ...(expiresAt !== undefined && { expiresAt: stringIn(expiresAt, file) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: stringIn(lastUsedAt, file) }),
    ...(userAgent !== undefined && { userAgent: stringIn(userAgent, file) }),
    ...(metadata !== undefined && { metadata: texts(metadata, file) }),
  }
}

function stringIn(value: unknown, file: string): string {
  if (typeof value === 'string') return value
  throw damaged(file)
}

function texts(value: unknown, file: string): Readonly<Record<string, string>> {
  if (!isObject(value)) throw damaged(file)
  // fromEntries defines `__proto__` as an ordinary key; assigning it would set the prototype.
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, stringIn(text, file)]))
}
