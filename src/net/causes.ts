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
  // What OpenSSL makes of plain text where a TLS record should be.
  ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS: is it plain http?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the port does not speak TLS: is it plain http?',
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
