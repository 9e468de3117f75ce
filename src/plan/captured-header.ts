/** A response that sets more is a curiosity, and clients bound the header section (Node: 16 KiB for all of it). */
const maxBytes = 2048

/**
 * The value of Hallpass-Captured: names of cookies, every byte that is not unreserved in a URL as %XX, so that an origin
 * cannot put a comma or a line into it. Names that find no room are counted: `, +12`.
 * @returns undefined when there is nothing to name
 */
export function capturedHeader(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const encoded = names.map((name) =>
    name.replace(
      /[^A-Za-z0-9._~-]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    ),
  )
  let bytes = 0
  const fit = encoded.findIndex((name) => {
    bytes += name.length + 2
    return bytes > maxBytes
  })
  return fit === -1 ? encoded.join(', ') : [...encoded.slice(0, fit), `+${names.length - fit}`].join(', ')
}
