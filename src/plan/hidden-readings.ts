import { percentDecode } from '../credentials/percent-encoding.ts'

/** Clients encode twice (a URL inside a URL). Every further round costs time. */
const maxPercentRounds = 4
/** Basic wraps a token that can be Base64 itself. */
const maxBase64Depth = 2
/** The Base64 of eight bytes, the length of the shortest placeholder, without padding. Both alphabets. */
const base64Run = /[A-Za-z0-9+/_-]{11,}/g
/** Decoded at a wrong offset, or from other text, bytes hardly ever have eight printable characters in a row. */
const legible = /[\x21-\x7e]{8}/

/**
 * The text as a server could read it: as it is, percent-decoded, and with each run of Base64 decoded. Other characters of the
 * alphabet can come before the Base64 (`key/c2st…`), so each run is decoded from the four offsets where a group can begin.
 */
export function* readings(text: string, depth = maxBase64Depth): Generator<string> {
  let reading = text
  for (let round = 0; round <= maxPercentRounds; round++) {
    yield reading
    if (depth > 0) {
      for (const [run] of reading.matchAll(base64Run)) {
        for (let start = 0; start < 4; start++) {
          const bytes = Buffer.from(run.slice(start), 'base64').toString('latin1')
          if (legible.test(bytes)) yield* readings(bytes, depth - 1)
        }
      }
    }
    if (!reading.includes('%')) return
    const decoded = percentDecode(reading)
    if (decoded === reading) return
    reading = decoded
  }
}
