import { z } from 'zod'
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

const time = z.number()

const cookieSchema = z.strictObject({
  name: z.string(),
  value: z.string(),
  domain: z.string(),
  hostOnly: z.boolean(),
  path: z.string(),
  secure: z.boolean(),
  httpOnly: z.boolean(),
  sameSite: z.enum(['strict', 'lax', 'none', 'default']),
  partitioned: z.boolean().exactOptional(),
  expiresAt: time.exactOptional(),
  createdAt: time,
  updatedAt: time,
})

const recordSchema = z.strictObject({
  cookies: z.array(cookieSchema),
  covers: z.array(z.strictObject({ domain: z.string(), hostOnly: z.boolean() })),
})

/**
 * Strict: what is not exactly what a jar writes is damaged, and nothing of it is used. The shape of every cookie is checked
 * again, because a value with a line break in it would otherwise wait in the file for the wire.
 */
export function parseRecord(value: unknown): CookieRecord {
  const parsed = recordSchema.safeParse(value)
  if (!parsed.success) {
    // The path of the first issue only: its text could quote a value.
    throw damaged(parsed.error.issues[0]?.path.map(String).join('.') || 'its outermost part')
  }
  const seen = new Set<string>()
  parsed.data.cookies.forEach((cookie, index) => {
    const flaw = shapeFlaw(cookie)
    if (flaw !== undefined) throw damaged(`cookies.${index}: ${flaw}`)
    const identity = identityOf(cookie)
    if (seen.has(identity)) throw damaged(`cookies.${index}: the same cookie twice`)
    seen.add(identity)
  })
  parsed.data.covers.forEach((cover, index) => {
    if (!isHostName(cover.domain)) throw damaged(`covers.${index}: no host name`)
  })
  return parsed.data
}

function damaged(where: string): HallpassError {
  return new HallpassError('record-damaged', `a record of cookies is damaged (${where})`)
}
