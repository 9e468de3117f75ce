import { cookieHeader } from '../cookies/cookie-header.ts'
import type { Format, Reading, Skipped } from './format.ts'
import { cookiesOfHeader } from './given-cookie.ts'
import { formatInvalid } from './source.ts'
import { bytesOf } from './wire-text.ts'

const label = /^\s*cookie\s*:/i

/** The `Cookie:` header of one request. */
export const header: Format = {
  name: 'header',
  aliases: [],
  summary: 'a Cookie: header, of one host',

  detects({ lines }) {
    const filled = lines.filter((line) => line.trim() !== '')
    return filled.length > 0 && filled.every((line) => label.test(line))
  },

  read({ lines }, { host }) {
    if (host === undefined) throw formatInvalid('a Cookie header does not say which site it is of: name it')
    const cookies: Reading['cookies'][number][] = []
    const skipped: Skipped[] = []
    for (const [index, line] of lines.entries()) {
      const value = line.replace(label, '')
      const where = `line ${index + 1}`
      for (const cookie of cookiesOfHeader(value, { host, secure: true })) cookies.push({ where, cookie })
    }
    return { cookies, origins: [], skipped }
  },

  holds: {
    domain: false,
    path: false,
    expiry: 'none',
    secure: false,
    httpOnly: false,
    sameSite: false,
    partitioned: false,
    localStorage: false,
    sessionStorage: false,
    bytes: 'all',
  },

  write({ cookies }) {
    return { bytes: bytesOf(`Cookie: ${cookieHeader(cookies)}\n`), left: [] }
  },
}
