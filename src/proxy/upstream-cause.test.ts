import { expect, it } from 'vitest'
import { HallpassError } from '../errors.ts'
import { upstreamCause } from './upstream-cause.ts'
import {
  certificateError,
  malformedError,
  timeoutError,
  upstreamError,
  withUnusedProxy,
} from './upstream-error.ts'

const system = (code: string) => Object.assign(new Error('secret.example.com'), { code })
const unreachable = (cause: unknown) => upstreamError('secret.example.com', 443, cause)

it.each([
  [unreachable(system('ENOTFOUND')), 'name'],
  [unreachable(system('EAI_AGAIN')), 'name'],
  [unreachable(system('ECONNREFUSED')), 'refused'],
  [unreachable(new AggregateError([system('ECONNREFUSED'), system('ENETUNREACH')])), 'refused'],
  [unreachable(system('EHOSTUNREACH')), 'unreachable'],
  [unreachable(system('ECONNRESET')), 'closed'],
  [unreachable(undefined), 'closed'],
  [unreachable(system('ETIMEDOUT')), 'timeout'],
  [unreachable(system('ERR_SSL_WRONG_VERSION_NUMBER')), 'tls'],
  [unreachable(system('EMFILE')), 'other'],
  [unreachable(unreachable(system('ECONNREFUSED'))), 'refused'],
  [withUnusedProxy(unreachable(system('ECONNREFUSED')), 'a proxy is not used'), 'refused'],
  [timeoutError('secret.example.com', 'no answer in time'), 'timeout'],
  [certificateError('secret.example.com', 443, system('CERT_HAS_EXPIRED')), 'certificate'],
  [malformedError('secret.example.com', 443, new Error('a bad line')), 'malformed'],
  [new HallpassError('policy', 'no'), undefined],
])('%s counts as %s', (error, cause) => {
  expect(error instanceof HallpassError && upstreamCause(error)).toBe(cause)
})
