import type { FieldLine } from './field-line.ts'

/** `startLine` with its CRLF (nothing for trailers); the fields as they came; the empty line. */
export function encodeHead(startLine: string, fields: readonly FieldLine[]): Buffer {
  let text = startLine
  for (const field of fields) text += `${field.raw}\r\n`
  return Buffer.from(`${text}\r\n`, 'latin1')
}
