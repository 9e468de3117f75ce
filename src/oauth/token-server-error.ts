import { HallpassError } from '../errors.ts'
import { printable } from '../log/printable.ts'
import { TokenFetchError } from './token-fetch.ts'

/** The failed request below the error of openid-client, if a request failed. */
export function fetchFailure(error: unknown): TokenFetchError | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof TokenFetchError) return cause
  }
  return undefined
}

/** The error that the server named, RFC 6749 section 5.2. */
export function oauthErrorOf(
  error: unknown,
): { readonly error: string; readonly description: string | undefined } | undefined {
  if (!(error instanceof Error) || !('error' in error) || typeof error.error !== 'string') return undefined
  const description = 'error_description' in error ? error.error_description : undefined
  return {
    error: shown(error.error),
    description: typeof description === 'string' ? shown(description) : undefined,
  }
}

/** `invalid_grant (the code has expired)` */
export function oauthErrorText({
  error,
  description,
}: {
  error: string
  description: string | undefined
}): string {
  return description === undefined || description === '' ? error : `${error} (${description})`
}

/** @param server `the authorization server https://id.example.com/`, for the start of the message. */
export function tokenServerError(error: unknown, server: string): HallpassError {
  if (error instanceof HallpassError) return error
  const failure = fetchFailure(error)
  if (failure?.certificate === true) {
    return new HallpassError(
      'upstream-certificate',
      `${failure.message}; to trust its issuer, add its PEM file to upstreamCa in the configuration`,
      { hint: 'hallpass config path', cause: error },
    )
  }
  if (failure !== undefined)
    return new HallpassError('token-server', `${server} could not be reached: ${failure.message}`, {
      hint: 'hallpass doctor',
      cause: error,
    })
  const named = oauthErrorOf(error)
  if (named !== undefined)
    return new HallpassError('token-server', `${server} refused: ${oauthErrorText(named)}`, { cause: error })
  // No cause: it holds the answer, and a malformed answer can contain a token.
  return new HallpassError('token-server', `the answer of ${server} is not usable: ${unusableText(error)}`)
}

function unusableText(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown failure'
  const { cause } = error
  if (cause instanceof Response)
    return `status ${cause.status}, ${cause.headers.get('content-type') ?? 'no content type'}`
  // The message of JSON.parse quotes the text.
  if ('code' in error && error.code === 'OAUTH_PARSE_ERROR') return 'it is not JSON'
  // The messages of openid-client name the expected value. The values found are in properties.
  const detail = cause instanceof Error && cause.message !== error.message ? ` (${cause.message})` : ''
  return shown(`${error.message}${detail}`)
}

/** Text of a server for a terminal and a log: one short line. */
function shown(text: string): string {
  return printable(text.slice(0, 300))
}
