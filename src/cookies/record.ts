import { HallpassError } from '../errors.ts'
import { shapeFlaw } from './admit.ts'
import { type Cookie, identityOf } from './cookie.ts'
import { isHostName } from './site.ts'

/** A host, or a domain with the hosts below it, that a jar has held cookies of. */
export type Cover = {
  readonly domain: string
  readonly hostOnly: boolean
}

export type CookieRecord = {
  readonly cookies: readonly Cookie[]
  readonly covers: readonly Cover[]
}

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const flag: Check = (value) => typeof value === 'boolean'
const time: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const sameSite: Check = (value) =>
  value === 'strict' || value === 'lax' || value === 'none' || value === 'default'
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

// A table rather than a schema library: it is read at every start, and for each site that a request meets.
const cookieFields: { readonly [field in keyof Cookie]-?: Check } = {
  name: text,
  value: text,
  domain: text,
  hostOnly: flag,
  path: text,
  secure: flag,
  httpOnly: flag,
  sameSite,
  partitioned: optional(flag),
  expiresAt: optional(time),
  createdAt: time,
  updatedAt: time,
}

const coverFields: { readonly [field in keyof Cover]-?: Check } = { domain: text, hostOnly: flag }

/**
 * Strict: a record that differs from the form that a jar writes is damaged, and nothing of it is used. The shape of every cookie is checked
 * again, because a value with a line break in it would otherwise wait in the file for the wire.
 */
export function parseRecord(value: unknown): CookieRecord {
  const record = objectOf(value, { cookies: Array.isArray, covers: Array.isArray }, 'its outermost part')
  const seen = new Set<string>()
  const cookies = (record.cookies as readonly unknown[]).map((element, index) => {
    const cookie = objectOf(element, cookieFields, `cookies.${index}`) as unknown as Cookie
    const flaw = shapeFlaw(cookie)
    if (flaw !== undefined) throw damaged(`cookies.${index}: ${flaw}`)
    const identity = identityOf(cookie)
    if (seen.has(identity)) throw damaged(`cookies.${index}: the same cookie twice`)
    seen.add(identity)
    return cookie
  })
  const covers = (record.covers as readonly unknown[]).map((element, index) => {
    const cover = objectOf(element, coverFields, `covers.${index}`) as unknown as Cover
    if (!isHostName(cover.domain)) throw damaged(`covers.${index}: no host name`)
    return cover
  })
  return { cookies, covers }
}

/** An object with exactly these fields, each accepted by its check. The message names only the place: a value may be secret. */
function objectOf(
  value: unknown,
  fields: Readonly<Record<string, Check>>,
  where: string,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(where)
  const object = value as Readonly<Record<string, unknown>>
  for (const field of Object.keys(object)) if (!Object.hasOwn(fields, field)) throw damaged(where)
  for (const [field, check] of Object.entries(fields)) {
    if (!check(Object.hasOwn(object, field) ? object[field] : undefined)) throw damaged(`${where}.${field}`)
  }
  return object
}

function damaged(where: string): HallpassError {
  return new HallpassError('record-damaged', `a record of cookies is damaged (${where})`)
}
