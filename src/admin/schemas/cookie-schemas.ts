import { z } from '@hono/zod-openapi'
import { fingerprint, time } from './shared-fields.ts'

export const cookieSchema = z
  .strictObject({
    name: z.string(),
    domain: z.string(),
    host_only: z.boolean().describe('false: it goes to the hosts below the domain too'),
    path: z.string(),
    secure: z.boolean(),
    http_only: z.boolean(),
    same_site: z.enum(['strict', 'lax', 'none', 'default']),
    present: z.boolean(),
    expires: time.nullable(),
    expired: z.boolean(),
    fingerprint,
    value: z.string().optional().describe('only with `reveal=true`'),
  })
  .openapi('Cookie')

export const cookiesSchema = z
  .strictObject({
    schema: z.literal('hallpass.cookies/1'),
    session: z.string(),
    site: z.string().nullable(),
    cookies: z.array(cookieSchema),
  })
  .openapi('Cookies')

export const removedCookiesSchema = z
  .strictObject({
    schema: z.literal('hallpass.cookie-rm/1'),
    session: z.string(),
    site: z.string().nullable(),
    removed: z.int().describe('how many'),
  })
  .openapi('RemovedCookies')

/** A header field has 8 KiB at most places, and a cookie 4 KiB. */
const text = z.string().max(8192)

export const givenCookieSchema = z
  .strictObject({
    name: text,
    value: text,
    url: text.optional().describe('the URL whose response would set it'),
    domain: text
      .optional()
      .describe('the host, and the hosts below it. Without `url` it stands for `https://DOMAIN/` too'),
    host_only: z.boolean().optional().describe('true: not to the hosts below the domain'),
    path: text.optional().describe('`/` by default'),
    expires_in_seconds: z
      .int()
      .min(1)
      .max(400 * 86_400)
      .optional()
      .describe('at most 400 days, as in a browser. Without it the cookie stays until you remove it'),
    secure: z.boolean().optional(),
    http_only: z.boolean().optional(),
    same_site: z.enum(['strict', 'lax', 'none']).optional(),
  })
  .openapi('GivenCookie')

export type GivenApiCookie = z.infer<typeof givenCookieSchema>

export const givenCookiesSchema = z.union([
  givenCookieSchema,
  z.strictObject({ cookies: z.array(givenCookieSchema).min(1).max(3000) }),
])
