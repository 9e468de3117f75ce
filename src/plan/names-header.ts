import { percentEncode } from '../credentials/percent-encoding.ts'

/** Clients limit the header section (Node: 16 KiB in all). */
const maxBytes = 2048

/**
 * The value of Hallpass-Captured or Hallpass-Not-Attached: names of cookies or credentials. They are percent-encoded, so that
 * an origin cannot add a comma or a line. `+12` at the end counts the names that do not fit.
 * @returns undefined without names
 */
export function namesHeader(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const encoded = names.map(percentEncode)
  let bytes = 0
  const fit = encoded.findIndex((name) => {
    bytes += name.length + 2
    return bytes > maxBytes
  })
  return fit === -1 ? encoded.join(', ') : [...encoded.slice(0, fit), `+${names.length - fit}`].join(', ')
}
