import { Http1Error } from './http1-error.ts'

/**
 * RFC 9112, 7.1: hexadecimal digits, then perhaps extensions, each `;name` or `;name=value`, where a value is a token or
 * a quoted string. Blanks only around `;` and `=`, where a reader must take them (RFC 9110, 5.6.3). No sign, no `0x`, no blank
 * around a size that stands alone: `strtol` and its kin read those, a strict reader does not.
 */
const chunkLine =
  /^[0-9A-Fa-f]{1,16}(?:[\t ]*;[\t ]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[\t ]*=[\t ]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/

/** curl and Chromium take spaces behind the size, and anything for an extension. */
const oddLine = /^([0-9A-Fa-f]{1,16}) *(?:;.*)?$/s

/**
 * The chunk line (without its CRLF) as the next hop gets it. The blanks are removed: not every reader takes them. With
 * `mend`, an extension that fits no grammar is left out.
 */
export function plainChunkLine(line: string, mend: boolean): string {
  if (chunkLine.test(line)) return /[\t ]/.test(line) ? withoutBlanksOutsideQuotes(line) : line
  const size = mend ? oddLine.exec(line)?.[1] : undefined
  if (size === undefined) throw new Http1Error('a chunk line is not a hexadecimal size with extensions')
  return size
}

function withoutBlanksOutsideQuotes(line: string): string {
  let plain = ''
  let quoted = false
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at]
    if (quoted && char === '\\') {
      plain += line.slice(at, at + 2)
      at += 1
      continue
    }
    if (char === '"') quoted = !quoted
    if (quoted || (char !== ' ' && char !== '\t')) plain += char
  }
  return plain
}

/** The size that a plain chunk line announces. */
export function chunkSize(line: string): number {
  const size = Number.parseInt(line, 16)
  // A reader that counts in 64 bits takes 2^64 + 5 for 5, and a double rounds it.
  if (!Number.isSafeInteger(size)) throw new Http1Error('a chunk size is too large')
  return size
}
