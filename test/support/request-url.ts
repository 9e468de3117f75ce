import type { RequestUrl } from '../../src/cookies/cookie.ts'

/** The URL of a request, as a jar is asked about it. */
export function at(text: string): RequestUrl {
  const { protocol, hostname, pathname } = new URL(text)
  return {
    scheme: protocol === 'https:' ? 'https' : 'http',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: 443,
    path: pathname,
  }
}
