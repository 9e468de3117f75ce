import { HallpassError, messageOf } from '../errors.ts'
import { causeInWords, codeOf } from '../net/causes.ts'
import { endpointOf } from './origin.ts'

/** Why an origin could not be reached or did not answer: 502 or 504, with the cause in one line. */
export function upstreamError(host: string, port: number, cause: unknown): HallpassError {
  if (cause instanceof HallpassError) return cause
  const where = endpointOf(host, port)
  const code = codeOf(cause)
  if (code === 'ETIMEDOUT') return timeoutError(where, 'connection timed out', cause)
  const why = causeInWords(cause) ?? (code === '' ? 'connection closed' : `${code}${detailOf(cause)}`)
  return new HallpassError('upstream-unreachable', `${where} could not be reached: ${why}`, {
    hint: 'hallpass doctor',
    cause,
  })
}

export function timeoutError(where: string, what: string, cause?: unknown): HallpassError {
  return new HallpassError('upstream-timeout', `${where}: ${what}`, { hint: 'hallpass doctor', cause })
}

export function malformedError(host: string, port: number, cause: Error): HallpassError {
  const message = `${endpointOf(host, port)} did not answer in HTTP/1.1: ${cause.message}`
  return new HallpassError('upstream-malformed', message, { hint: 'hallpass logs', cause })
}

export function certificateError(host: string, port: number, cause: unknown): HallpassError {
  const code = codeOf(cause)
  const reason = code === '' ? messageOf(cause) : `${messageOf(cause)} (${code})`
  return new HallpassError(
    'upstream-certificate',
    `the certificate of ${endpointOf(host, port)} was not accepted: ${reason}; to trust its issuer, add its PEM file to upstreamCa in the configuration`,
    {
      hint: 'hallpass config path',
      cause,
    },
  )
}

/**
 * The failure of a direct connection that a variable meant to go through a proxy. In a network whose only way out is a proxy,
 * the variable is the cause.
 */
export function withUnusedProxy(error: unknown, unused: string | undefined): unknown {
  if (unused === undefined || !(error instanceof HallpassError)) return error
  if (error.code !== 'upstream-unreachable' && error.code !== 'upstream-timeout') return error
  return new HallpassError(error.code, `${error.message}; ${unused}`, {
    hint: 'hallpass doctor',
    cause: error,
  })
}

function detailOf(cause: unknown): string {
  const reason = cause instanceof Error && 'reason' in cause ? cause.reason : undefined
  return typeof reason === 'string' ? `, ${reason}` : ''
}
