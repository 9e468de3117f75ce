import { HallpassError } from '../errors.ts'

const controls = /[\0-\x1f\x7f]/

/**
 * A value as it was typed or piped, without the one line end that `echo` or an editor leaves.
 * Control characters are refused here and once more before the wire: curl CVE-2022-35252, where a stored control byte
 * made a host answer 400 for ever, and a stored line break becomes a header line of its own.
 * @throws HallpassError 'value-invalid'
 */
export function secretLine(text: string, wanted: string): string {
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw new HallpassError('value-invalid', `the value is empty; it must be ${wanted}`)
  if (controls.test(line)) {
    throw new HallpassError(
      'value-invalid',
      `the value has a line break or another control character; it must be ${wanted}`,
    )
  }
  // A lone surrogate has no UTF-8 and would go out as U+FFFD, which is another value.
  if (!line.isWellFormed())
    throw new HallpassError('value-invalid', `the value is not valid Unicode; it must be ${wanted}`)
  return line
}

/** Unicode to its UTF-8 bytes, one character each, as they go on the wire. */
export function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** A text that can be a whole field value, and the secrets in it: `Token abc`, `Basic dXNlcjpwYXNz`. */
export function fieldSecrets(value: string): readonly string[] {
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S.*)$/.exec(value) ?? []
  if (credentials === '') return [value]
  if (scheme.toLowerCase() !== 'basic') return [value, credentials]
  const pair = Buffer.from(credentials, 'base64').toString('utf8')
  return [value, credentials, pair, pair.slice(pair.indexOf(':') + 1)]
}

/** Whether a latin1 string may stand as a field value (RFC 9110 section 5.5), also at its ends. */
export function isFieldValue(value: string): boolean {
  return /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(value)
}
