import { HallpassError } from '../errors.ts'

/** A cookie that a person gives. Name and value are bytes as latin1 text, as on the wire. */
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

/** The same cookie as a Set-Cookie line, so that typed and received cookies pass one gate. */
export function cookieLine(input: CookieInput): string {
  const { name, value, domain, path = '/', maxAgeSeconds, secure, httpOnly, sameSite } = input
  if (/[;=]/.test(name)) throw refused('a name must not contain ";" or "="')
  if (value.includes(';')) throw refused('a value must not contain ";"')
  if (`${domain ?? ''}${path}`.includes(';')) throw refused('domain and path must not contain ";"')
  if (!path.startsWith('/')) throw refused('a path must begin with "/"')
  if (maxAgeSeconds !== undefined && !Number.isSafeInteger(maxAgeSeconds))
    throw refused('the age must be a whole number of seconds')
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
  return new HallpassError('cookie-refused', `the cookie was refused: ${reason}`)
}
