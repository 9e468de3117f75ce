import type { Cookie } from '../../cookies/cookie.ts'
import { dottedDomain, jsonTexts, ownPartition } from '../../formats/json-cookie.ts'
import type { WindowCookie } from './driven-window.ts'

/** A cookie of WebDriver BiDi. */
export interface BidiCookie {
  readonly name: string
  readonly value: { readonly type: 'string' | 'base64'; readonly value: string }
  readonly domain: string
  readonly path: string
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: string
  readonly expiry?: number
}

export function windowCookie({ value, expiry, ...cookie }: BidiCookie): WindowCookie {
  const text = value.type === 'string' ? value.value : Buffer.from(value.value, 'base64').toString('utf8')
  return { ...cookie, value: text, expires: expiry ?? -1 }
}

/** The parameters of `storage.setCookie`; undefined for a cookie whose bytes are not text, which BiDi cannot express. */
export function bidiCookie(cookie: Cookie): Readonly<Record<string, unknown>> | undefined {
  const texts = jsonTexts(cookie)
  if (texts === undefined) return undefined
  const { httpOnly, secure, sameSite, expiresAt } = cookie
  return {
    cookie: {
      name: texts.name,
      value: { type: 'string', value: texts.value },
      domain: dottedDomain(cookie),
      path: texts.path,
      httpOnly,
      secure,
      ...(sameSite === 'default' ? {} : { sameSite }),
      ...(expiresAt === undefined ? {} : { expiry: Math.round(expiresAt / 1000) }),
    },
    ...(cookie.partitioned ? { partition: { type: 'storageKey', sourceOrigin: ownPartition(cookie) } } : {}),
  }
}
