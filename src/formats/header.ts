import { cookieHeader } from '../cookies/cookie-header.ts'
import { hostOfLine } from './domain.ts'
import type { Reading, WrittenFormat } from './format.ts'
import { cookiesOfHeader } from './given-cookie.ts'
import { bytesOf } from './latin1.ts'
import { formatInvalid } from './source.ts'

/** With the mark that `curl -v` puts before it, or without. */
const label = /^>?\s*cookie\s*:/i

/** The `Cookie:` header of one request, or the request with it. */
export const header: WrittenFormat = {
  detects({ lines }) {
    return lines.some((line) => label.test(line))
  },

  read({ lines }, { host: given }) {
    const cookies: Reading['cookies'][number][] = []
    // A whole request has other lines, too, and one of them names the host. Without a name the text is the value alone.
    const labelled = lines.some((line) => label.test(line))
    const host = given ?? lines.map(hostOfLine).find((found) => found !== undefined)
    if (host === undefined) throw formatInvalid('a Cookie header does not say which site it is of: name it')
    for (const [index, line] of lines.entries()) {
      if (labelled && !label.test(line)) continue
      const where = `line ${index + 1}`
      const read = cookiesOfHeader(line.replace(label, ''), { host, secure: true })
      for (const cookie of read) cookies.push({ where, cookie })
    }
    return { cookies, origins: [], skipped: [] }
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
    indexedDB: false,
    bytes: 'all',
  },

  write({ cookies }) {
    return { bytes: bytesOf(`Cookie: ${cookieHeader(cookies)}\n`), left: [] }
  },
}
