/** RFC 3986 section 2.3. RFC 5849 section 3.6 and Signature Version 4 both encode everything else, in upper case. */
const reserved = /[^A-Za-z0-9._~-]/g

/** @param bytes latin1 */
export function percentEncode(bytes: string): string {
  return bytes.replace(
    reserved,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Bytes as a latin1 string. A `%` without two hex digits stands for itself, as servers read it. */
export function percentDecode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

export interface FormPair {
  readonly name: string
  readonly value: string
}

/**
 * application/x-www-form-urlencoded, as in a query: bytes as latin1 strings, in the order sent, repeats and empty values too. `+` is a
 * space; two `&` without text between them make no pair.
 */
export function formPairs(text: string): FormPair[] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=')
      const [name, value] = equals === -1 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
      return { name: formDecode(name), value: formDecode(value) }
    })
}

/** Encoded, then sorted by name and by value (RFC 5849 section 3.4.1.3.2; Signature Version 4 has it so too). */
export function sortedPairs(pairs: readonly FormPair[]): string {
  return pairs
    .map(({ name, value }) => ({ name: percentEncode(name), value: percentEncode(value) }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&')
}

/** By bytes: encoded text is ASCII. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function formDecode(text: string): string {
  return percentDecode(text.replaceAll('+', ' '))
}
