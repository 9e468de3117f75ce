import { HallpassError } from '../errors.ts'
import { foldHost, isHostName } from '../rules/host-pattern.ts'

export interface ParsedUrl {
  readonly scheme: 'https' | 'http'
  readonly host: string
  readonly port: number
  /** With the query. */
  readonly path: string
  /** For people: without user, password, fragment and the values of the query. */
  readonly text: string
}

export function defaultPort(scheme: 'https' | 'http'): number {
  return scheme === 'https' ? 443 : 80
}

/** A URL as a person types it. `wss` counts as https, `ws` as http. @throws HallpassError 'usage' */
export function parseRequestUrl(text: string): ParsedUrl {
  // Without a scheme, https is meant: alone, `localhost:8080` would be a URL of the scheme "localhost".
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  const scheme = url?.protocol === 'https:' || url?.protocol === 'wss:' ? 'https' : 'http'
  const name = url === null ? '' : foldHost(url.hostname)
  const host = name.replace(/^\[(.*)\]$/, '$1')
  // The parser takes `ht!tp:/` for a host, as it does with any text that DNS could carry.
  const isHost = host !== name || isHostName(host)
  if (url === null || !/^(?:https?|wss?):$/.test(url.protocol) || !isHost) {
    throw new HallpassError(
      'usage',
      'that is neither a host nor an http or https URL: https://example.com/ is one',
    )
  }
  const port = url.port === '' ? defaultPort(scheme) : Number(url.port)
  const query = url.search.replace(/=[^&]*/g, '=…')
  const at = `${url.hostname}${url.port === '' ? '' : `:${url.port}`}`
  return {
    scheme,
    host,
    port,
    path: url.pathname + url.search,
    text: `${scheme}://${at}${url.pathname}${query}`,
  }
}
