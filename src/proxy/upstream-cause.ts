import { HallpassError } from '../errors.ts'
import { codeOf } from '../net/causes.ts'

/** Why an origin gave no whole answer, in a closed list. */
export const upstreamCauses = [
  'name',
  'refused',
  'unreachable',
  'closed',
  'timeout',
  'tls',
  'certificate',
  'malformed',
  'cut',
  'other',
] as const

export type UpstreamCause = (typeof upstreamCauses)[number]

const bySystemCode: Readonly<Record<string, UpstreamCause>> = {
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  // An error without a code: the connection ended, or an upstream proxy connected no further.
  '': 'closed',
  EPROTO: 'tls',
}

/** The cause of a failed request; undefined if the origin is not at fault. */
export function upstreamCause({ code, cause }: HallpassError): UpstreamCause | undefined {
  if (code === 'upstream-timeout') return 'timeout'
  if (code === 'upstream-certificate') return 'certificate'
  if (code === 'upstream-malformed') return 'malformed'
  if (code !== 'upstream-unreachable') return undefined
  // An error can quote the one below it: of an upstream proxy, or of a connection past an unused proxy.
  if (cause instanceof HallpassError) return upstreamCause(cause)
  const systemCode = codeOf(cause)
  return bySystemCode[systemCode] ?? (systemCode.startsWith('ERR_SSL_') ? 'tls' : 'other')
}
