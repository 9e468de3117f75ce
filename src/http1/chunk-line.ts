import { Http1Error } from './http1-error.ts'

/**
 * RFC 9112, 7.1: hexadecimal digits, then perhaps extensions, each `;name` or `;name=value`, where a value is a token or
 * a quoted string. No sign, no `0x`, no blank: `strtol` and its kin read those, a strict reader does not.
 */
const chunkLine =
  /^([0-9A-Fa-f]{1,16})(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/

/** The size that a chunk line (without its CRLF) announces. */
export function parseChunkLine(line: string): number {
  const match = chunkLine.exec(line)
  if (match === null) throw new Http1Error('a chunk line is not a hexadecimal size with extensions')
  const size = Number.parseInt(match[1] ?? '', 16)
  // A reader that counts in 64 bits takes 2^64 + 5 for 5, and a double rounds it.
  if (!Number.isSafeInteger(size)) throw new Http1Error('a chunk size is too large')
  return size
}
