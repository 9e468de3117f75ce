import { connectionTokens, hopByHop } from '../http1/connection-fields.ts'
import { type FieldLine, fieldLine } from '../http1/field-line.ts'

/** Fields that Connection must not remove: without them the message has another length or destination (an attack). */
const notNamedByConnection = new Set(['host', 'content-length', 'transfer-encoding', 'trailer'])

function staysHere(lower: string, named: ReadonlySet<string>): boolean {
  return hopByHop.has(lower) || (named.size > 0 && named.has(lower) && !notNamedByConnection.has(lower))
}

export interface RequestEdits {
  /** Names in lower case; their lines are removed. */
  readonly remove: ReadonlySet<string>
  readonly add: readonly { readonly name: string; readonly value: string }[]
}

/**
 * The fields of a request to the origin. They keep the client's order, case and repeats. A replaced field stays in its
 * place, and a new field comes last.
 */
export function requestFields(
  fields: readonly FieldLine[],
  edits: RequestEdits,
  hop: { readonly upgrade: boolean; readonly minor: 0 | 1 },
): FieldLine[] {
  const named = connectionTokens(fields)
  const additions = edits.add.length === 0 ? none : linesByName(edits.add)
  const trailers = hop.minor === 1 && fields.some(acceptsTrailers)
  const out: FieldLine[] = []
  let saysConnection = false
  for (const field of fields) {
    const { lower } = field
    if (edits.remove.has(lower)) {
      const replacing = additions.get(lower)
      if (replacing === undefined) continue
      out.push(...replacing)
      additions.delete(lower)
    } else if (lower === 'connection' && !saysConnection) {
      saysConnection = true
      const value = connectionValue(hop, trailers, named.has('keep-alive'))
      if (value === field.value.toLowerCase()) out.push(field)
      else if (value !== undefined) out.push(fieldLine(field.name, value))
    } else if (lower === 'upgrade' && hop.upgrade) out.push(field)
    else if (lower === 'te' && hop.minor === 1 && acceptsTrailers(field))
      out.push(fieldLine(field.name, 'trailers'))
    else if (!staysHere(lower, named)) out.push(field)
  }
  if (!saysConnection) {
    const value = connectionValue(hop, trailers, false)
    if (value !== undefined) out.push(fieldLine('Connection', value))
  }
  for (const lines of additions.values()) out.push(...lines)
  return out
}

const none = new Map<string, FieldLine[]>()

function linesByName(add: RequestEdits['add']): Map<string, FieldLine[]> {
  const lines = new Map<string, FieldLine[]>()
  for (const { name, value } of add) {
    const line = fieldLine(name, value)
    const same = lines.get(line.lower)
    if (same === undefined) lines.set(line.lower, [line])
    else same.push(line)
  }
  return lines
}

/** The Connection field for the origin. */
function connectionValue(
  hop: { readonly upgrade: boolean; readonly minor: 0 | 1 },
  trailers: boolean,
  keepAlive: boolean,
): string | undefined {
  if (hop.upgrade) return 'upgrade'
  if (hop.minor === 0) return 'close'
  // RFC 9110, 10.1.4: a sender of TE names it in Connection.
  if (trailers) return keepAlive ? 'keep-alive, te' : 'te'
  return keepAlive ? 'keep-alive' : undefined
}

function acceptsTrailers(field: FieldLine): boolean {
  return (
    field.lower === 'te' && field.value.split(',').some((part) => part.trim().toLowerCase() === 'trailers')
  )
}

export interface ResponseEdits {
  /** Set-Cookie lines that the client does not get, by their index among these lines. */
  readonly hidden: ReadonlySet<number> | 'all'
  readonly add: readonly FieldLine[]
  readonly close: boolean
  /** True for a 101, which keeps Upgrade and Connection. */
  readonly upgrade: boolean
}

/** The fields of a response to the client. Clients believe `Hallpass-*`, so an origin's own are removed. */
export function responseFields(fields: readonly FieldLine[], edits: ResponseEdits): FieldLine[] {
  const named = connectionTokens(fields)
  const out: FieldLine[] = []
  let cookies = 0
  for (const field of fields) {
    const { lower } = field
    if (lower === 'set-cookie') {
      const index = cookies
      cookies += 1
      if (edits.hidden === 'all' || edits.hidden.has(index)) continue
    } else if (isOurs(lower)) continue
    else if (!(edits.upgrade && (lower === 'upgrade' || lower === 'connection')) && staysHere(lower, named))
      continue
    out.push(field)
  }
  out.push(...edits.add)
  if (edits.close) out.push(fieldLine('Connection', 'close'))
  return out
}

function isOurs(lower: string): boolean {
  return lower.startsWith('hallpass-')
}

/** Removes `Hallpass-*` from trailers. The codec removes cookies and framing. */
export function responseTrailers(fields: readonly FieldLine[]): FieldLine[] {
  return fields.filter(({ lower }) => !isOurs(lower))
}

/** How long the origin keeps an idle connection, minus one second for transport; undefined when it does not say. */
export function keepAliveMs(fields: readonly FieldLine[]): number | undefined {
  for (const field of fields) {
    if (field.lower !== 'keep-alive') continue
    const match = /timeout=(\d{1,6})/i.exec(field.value)
    if (match !== null) return Number(match[1]) * 1_000 - 1_000
  }
  return undefined
}
