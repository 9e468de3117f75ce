import { HallpassError } from '../errors.ts'
import { parseAuthority } from '../http1/authority.ts'
import { type FieldLine, fieldLine } from '../http1/field-line.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { parseRequestTarget } from '../http1/request-target.ts'
import { defaultPort } from '../plan/request-url.ts'
import { authorityOf, type Endpoint, endpointOf, type Origin, originAt } from './origin.ts'

/** The origin of a request, and its target in the form that an origin reads. */
export interface RequestDestination {
  readonly origin: Origin
  readonly target: string
}

/** Where the tunnel leads that a request came through, and the name in its TLS handshake. */
export interface TunnelEnd {
  readonly origin: Origin
  readonly servername: string | undefined
}

/**
 * The destination of a request inside a tunnel is the tunnel's own. Host, an absolute target and the name in the TLS
 * handshake must agree with it. Otherwise a client could have the secret of site A sent to site B (the certificate of A, the
 * Host of B). Case, a trailing dot, the default port and a missing port make no difference. A handshake without a name agrees.
 * Throws `authority-mismatch`.
 */
export function insideTunnel(head: RequestHead, { origin, servername }: TunnelEnd): RequestDestination {
  if (servername !== undefined && parseAuthority(servername)?.host !== origin.host) {
    throw mismatch(`the TLS handshake names ${printable(servername)}`, origin)
  }
  checkHost(head, origin)
  if (head.target.startsWith('/')) return { origin, target: head.target }
  const target = parseRequestTarget(head.method, head.target)
  if (target?.form === 'asterisk') return { origin, target: '*' }
  if (target?.form !== 'absolute')
    throw new HallpassError('request-malformed', 'an origin cannot read this request target')
  const { scheme, authority } = target
  const { host, port = defaultPort(origin.scheme) } = authority
  if (scheme !== origin.scheme || host !== origin.host || port !== origin.port) {
    const named = authority.port === undefined ? host : endpointOf(host, authority.port)
    throw mismatch(`the request target names ${scheme}://${named}`, origin)
  }
  return { origin, target: target.path }
}

/** The destination of a request outside any tunnel: its absolute target. Host must agree with it. */
export function absoluteDestination(head: RequestHead): RequestDestination {
  const target = parseRequestTarget(head.method, head.target)
  if (target?.form !== 'absolute') {
    throw new HallpassError('request-malformed', 'this is a proxy: it takes CONNECT and http:// targets', {
      hint: 'hallpass run -- curl http://hallpass.internal/',
    })
  }
  // The client would send in clear, and could not check who answers.
  if (target.scheme !== 'http') {
    throw new HallpassError('request-malformed', 'outside CONNECT the proxy takes only http:// targets', {
      // That command sets HTTPS_PROXY, and clients then use CONNECT for https.
      hint: 'hallpass env',
    })
  }
  const { authority } = target
  const origin = originAt('http', { ...authority, port: authority.port ?? defaultPort('http') })
  checkHost(head, origin)
  return { origin, target: target.path }
}

/** The endpoint that a CONNECT names. */
export function connectEndpoint(head: RequestHead): Endpoint {
  const target = parseRequestTarget('CONNECT', head.target)
  if (target?.form !== 'authority') throw new HallpassError('request-malformed', 'CONNECT takes host:port')
  const { authority } = target
  const { host, port } = authority
  for (const field of head.fields) {
    if (field.lower !== 'host') continue
    const said = parseAuthority(field.value)
    if (said?.host !== host || (said.port !== undefined && said.port !== port)) {
      throw mismatch(`Host names ${printable(field.value)}`, { scheme: 'https', host, port })
    }
  }
  return authority
}

/** A Host without a port agrees with every port: `namedHost` writes the port before the origin sees it. */
function checkHost(head: RequestHead, origin: Origin): void {
  const usual = authorityOf(origin)
  for (const field of head.fields) {
    if (field.lower !== 'host' || field.value === usual) continue
    const said = parseAuthority(field.value)
    if (said?.host !== origin.host || (said.port ?? origin.port) !== origin.port) {
      throw mismatch(`Host names ${printable(field.value)}`, origin)
    }
  }
}

/**
 * The fields with a Host that names the origin, as a browser writes it. A plan is made for a port: a server that also
 * serves the name on other ports must not read from the Host a port that the session's rules were not asked about.
 */
export function namedHost(fields: readonly FieldLine[], origin: Origin): readonly FieldLine[] {
  const index = fields.findIndex(({ lower }) => lower === 'host')
  const host = fields[index]
  if (host === undefined) return [fieldLine('Host', authorityOf(origin)), ...fields]
  if (origin.port === defaultPort(origin.scheme) || parseAuthority(host.value)?.port !== undefined)
    return fields
  return fields.with(index, fieldLine(host.name, authorityOf(origin)))
}

function mismatch(what: string, origin: Origin): HallpassError {
  return new HallpassError('authority-mismatch', `${what}, but the connection is to ${authorityOf(origin)}`)
}

/** The client's text in our answer: short, and visible ASCII alone. */
function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x21-\x7e]/g, '?')
}
