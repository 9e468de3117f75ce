import { HallpassError } from '../errors.ts'
import { Http1Error } from '../http1/http1-error.ts'

/** A failed request: the error that the client reads, its HTTP status, and the note in the log. */
export interface Failure {
  readonly error: HallpassError
  /** One code stands for several statuses when a request is malformed. */
  readonly status: number
  readonly note: string
}

/** The text of an unexpected error may quote anything: it goes to the log, and the client reads only that there was one. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Http1Error) {
    const code = error.status === 431 ? 'head-too-large' : 'request-malformed'
    return {
      error: new HallpassError(code, error.message),
      status: error.status,
      note: String(error),
    }
  }
  if (error instanceof HallpassError && error.code !== 'failed') {
    return { error, status: error.http, note: error.message }
  }
  const known = error instanceof HallpassError ? error : unexpected(error)
  return { error: known, status: known.http, note: String(error) }
}

function unexpected(cause: unknown): HallpassError {
  return new HallpassError('failed', 'the proxy failed at this request', { hint: 'hallpass logs', cause })
}
