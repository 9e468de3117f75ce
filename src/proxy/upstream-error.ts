import { HallpassError } from '../errors.ts'
import { endpointOf } from './origin.ts'

/** Causes in words; what is not listed is named by its code. */
const causes: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'connection timed out',
}

/** Why an origin could not be reached or did not answer: 502 or 504, with the cause in one line. */
export function upstreamError(host: string, port: number, cause: unknown): HallpassError {
  if (cause instanceof HallpassError) return cause
  const where = endpointOf(host, port)
  const code = codeOf(cause)
  if (code === 'ETIMEDOUT') return timeoutError(where, 'connection timed out', cause)
  const why = causes[code] ?? (code === '' ? 'connection closed' : `${code}${detailOf(cause)}`)
  return new HallpassError('upstream-unreachable', `${where} could not be reached: ${why}`, {
    hint: 'hallpass doctor',
    cause,
  })
}

export function timeoutError(where: string, what: string, cause?: unknown): HallpassError {
  return new HallpassError('upstream-timeout', `${where}: ${what}`, { hint: 'hallpass doctor', cause })
}

export function malformedError(host: string, port: number, cause: Error): HallpassError {
  const message = `${endpointOf(host, port)} answered with what is not HTTP/1.1: ${cause.message}`
  return new HallpassError('upstream-malformed', message, { hint: 'hallpass logs', cause })
}

export function certificateError(host: string, port: number, cause: Error): HallpassError {
  const reason = `${cause.message}${codeOf(cause) === '' ? '' : ` (${codeOf(cause)})`}`
  return new HallpassError(
    'upstream-certificate',
    `the certificate of ${endpointOf(host, port)} was not accepted: ${reason}; to trust its issuer, add its PEM file to upstreamCa in the configuration`,
    {
      hint: 'hallpass config path',
      cause,
    },
  )
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  // Several addresses were tried: the first failure speaks for them.
  if (cause instanceof AggregateError) return codeOf(cause.errors[0])
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}

function detailOf(cause: unknown): string {
  const reason = cause instanceof Error && 'reason' in cause ? cause.reason : undefined
  return typeof reason === 'string' ? `, ${reason}` : ''
}
