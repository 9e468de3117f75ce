import type { FieldLine } from './field-line.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Fields that speak of one connection, not of the message (RFC 9110, 7.6.1). Not Transfer-Encoding: the chunks are
 * relayed as they are, and so is the field that says that they are chunks. Proxy-Authenticate and -Authorization are
 * ours and our client's alone (CVE-2023-32681 and its kind).
 */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'upgrade',
  'http2-settings',
])

/** Of most messages. */
const noTokens: ReadonlySet<string> = new Set()

/** The lower-case members of every Connection field (RFC 9110, 7.6.1). */
export function connectionTokens(fields: readonly Field[]): ReadonlySet<string> {
  return membersOf(fields, (field) => field.lower === 'connection')
}

type Field = Pick<FieldLine, 'lower' | 'value'>

function membersOf(fields: readonly Field[], isMeant: (field: Field) => boolean): ReadonlySet<string> {
  let tokens: Set<string> | undefined
  for (const field of fields) {
    if (!isMeant(field)) continue
    tokens ??= new Set()
    for (const member of field.value.split(',')) {
      const name = member.trim().toLowerCase()
      if (name !== '') tokens.add(name)
    }
  }
  return tokens ?? noTokens
}

/**
 * Whether the connection may carry another message after this one (RFC 9112, 9.3). Old clients say it to a proxy in
 * Proxy-Connection, and mean it (RFC 9112, C.2.2).
 */
export function isPersistent(head: {
  readonly minor: 0 | 1
  readonly fields: readonly FieldLine[]
}): boolean {
  const tokens = membersOf(head.fields, ({ lower }) => lower === 'connection' || lower === 'proxy-connection')
  if (tokens.has('close')) return false
  return head.minor === 1 || tokens.has('keep-alive')
}

/**
 * Whether this request asks to become a WebSocket (RFC 6455, 4.1). No other upgrade is passed on: behind a `h2c` the
 * client would speak past the proxy, which reads HTTP/1.1 (h2c smuggling, 2020).
 */
export function asksForWebSocket(head: RequestHead): boolean {
  if (head.method !== 'GET' || head.minor !== 1) return false
  let upgrade: string | undefined
  for (const field of head.fields) {
    if (field.lower === 'content-length' || field.lower === 'transfer-encoding') return false
    if (field.lower !== 'upgrade') continue
    if (upgrade !== undefined) return false
    upgrade = field.value.toLowerCase()
  }
  return upgrade === 'websocket' && connectionTokens(head.fields).has('upgrade')
}
