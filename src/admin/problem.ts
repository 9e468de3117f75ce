import { STATUS_CODES } from 'node:http'
import { HTTPException } from 'hono/http-exception'
import { type ErrorCode, HallpassError, hallpassErrorOf } from '../errors.ts'

/** Problem details (RFC 9457), with the code and the hint of the error. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly hint: string | null
}

/** Here a session is a resource. To a client of the proxy, a missing one is a refusal. */
const otherStatus: Readonly<Partial<Record<ErrorCode, number>>> = { 'session-missing': 404 }

export function problemAnswer(thrown: unknown, spell: (hint: string) => string, given?: number): Response {
  const error = thrown instanceof HTTPException ? ofFramework(thrown) : hallpassErrorOf(thrown)
  const ofError = thrown instanceof HTTPException ? thrown.status : (otherStatus[error.code] ?? error.http)
  const status = given ?? ofError
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    hint: error.hint === undefined ? null : spell(error.hint),
  }
  return Response.json(problem, { status, headers: { 'content-type': 'application/problem+json' } })
}

/** The framework refuses a body that is not JSON, or is of another type. */
function ofFramework({ message, status }: HTTPException): HallpassError {
  const typed = 'the body must be JSON: send Content-Type: application/json'
  return new HallpassError('usage', status === 415 ? typed : message)
}
