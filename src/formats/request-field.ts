import { domainOf } from './domain.ts'
import type { PlacedCookie, Skipped } from './format.ts'
import { cookiesOfHeader, type HeaderContext } from './given-cookie.ts'
import type { CookiesRead } from './read-each.ts'

/** A header field of a request that a browser or a person wrote down as a command. */
export interface RequestField {
  readonly where: string
  readonly name: string
  readonly value: string
  /** The shell would fill in a part of the value. */
  readonly expands?: boolean
}

/** The cookies of a Cookie field. Other fields have none, and one that carries a credential is named. */
export function readField(field: RequestField, target: HeaderContext | undefined): CookiesRead {
  const { where, name, value, expands } = field
  if (/^(proxy-)?authorization$/i.test(name)) {
    return skip({ where, reason: `an ${name} header is no cookie (hallpass token set keeps it)` })
  }
  if (!/^cookie$/i.test(name)) return { cookies: [], skipped: [] }
  if (target === undefined) return skip({ where, reason: 'no URL that says which host the cookies are of' })
  if (expands) return skip({ where, reason: 'a variable, whose value only the shell knows' })
  const cookies = cookiesOfHeader(value, target).map((cookie): PlacedCookie => ({ where, cookie }))
  return { cookies, skipped: [] }
}

/** The host of a URL, and whether the request went over TLS; without a URL the host that the user named. */
export function targetOf(url: string | undefined, host: string | undefined): HeaderContext | undefined {
  if (url === undefined) return host === undefined ? undefined : { host, secure: true }
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return undefined
  const { hostname, protocol } = new URL(url)
  const domain = domainOf(hostname)?.domain
  return domain === undefined ? undefined : { host: domain, secure: protocol === 'https:' }
}

function skip(skipped: Skipped): CookiesRead {
  return { cookies: [], skipped: [skipped] }
}
