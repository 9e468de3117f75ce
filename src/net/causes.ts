/** The causes of a failed connection in words, by the code of the error. */
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

/** The cause in words; undefined when its code is not among those that happen every day. */
export function causeInWords(error: unknown): string | undefined {
  return causes[codeOf(error)]
}

/** The code of a system or TLS error; empty when it has no code. */
export function codeOf(error: unknown): string {
  // Several addresses were tried: the first failure speaks for them.
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
