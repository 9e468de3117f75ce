import { HallpassError } from '../errors.ts'

/** A cookie as a person gives it. Name and value are bytes as latin1 text, as everywhere on the wire. */
export interface CookieInput {
  readonly name: string
  readonly value: string
  readonly domain?: string | undefined
  /** `/` when left out. */
  readonly path?: string | undefined
  readonly maxAgeSeconds?: number | undefined
  readonly secure?: boolean | undefined
  readonly httpOnly?: boolean | undefined
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined
}

/** The Set-Cookie line that says the same, so that typed and received cookies pass one gate. */
export function cookieLine(input: CookieInput): string {
  const { name, value, domain, path = '/', maxAgeSeconds, secure, httpOnly, sameSite } = input
  if (/[;=]/.test(name)) throw refused('a name has neither ";" nor "="')
  if (value.includes(';')) throw refused('a value has no ";"')
  if (`${domain ?? ''}${path}`.includes(';')) throw refused('neither domain nor path has a ";"')
  if (!path.startsWith('/')) throw refused('a path begins with "/"')
  if (maxAgeSeconds !== undefined && !Number.isSafeInteger(maxAgeSeconds))
    throw refused('the age is a whole number of seconds')
  return [
    `${name}=${value}`,
    domain === undefined ? '' : `Domain=${domain}`,
    `Path=${path}`,
    maxAgeSeconds === undefined ? '' : `Max-Age=${maxAgeSeconds}`,
    secure === true ? 'Secure' : '',
    httpOnly === true ? 'HttpOnly' : '',
    sameSite === undefined ? '' : `SameSite=${sameSite}`,
  ]
    .filter((part) => part !== '')
    .join('; ')
}

export function refused(reason: string): HallpassError {
  return new HallpassError('cookie-refused', `the cookie was not taken: ${reason}`)
}
