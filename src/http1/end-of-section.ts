const shortEnd = Buffer.from('\n\n')
const longEnd = Buffer.from('\n\r\n')

/**
 * The length of a response's head or trailers, for curl and for Chromium: up to and with the first empty line, whether lines
 * end in CRLF or a bare LF. Undefined when it is not whole. The bytes before `from` hold no end.
 */
export function endOfSection(bytes: Buffer, from: number): number | undefined {
  const start = Math.max(0, from - 2)
  const short = bytes.indexOf(shortEnd, start)
  const long = bytes.indexOf(longEnd, start)
  if (short >= 0 && (long < 0 || short < long)) return short + shortEnd.length
  return long < 0 ? undefined : long + longEnd.length
}
