import { percentDecode } from '../credentials/percent-encoding.ts'

/** Twice is met (a URL inside a URL); a bound, since every further one costs. */
const maxPercentRounds = 4
/** Basic around a token that is Base64 itself. */
const maxBase64Depth = 2
/** Eight characters, the shortest that is looked for, without padding. Both alphabets. */
const base64Run = /[A-Za-z0-9+/_-]{11,}/g
/** What is read from a wrong place, or was no Base64, nearly never has so many characters of a placeholder in a row. */
const legible = /[\x21-\x7e]{8}/

/**
 * The text, and what a server could read in it: percent-decoded, and each stretch of Base64 decoded. Such a stretch may stand
 * behind other characters of its alphabet (`key/c2st…`), so it is read from each of the four places where a group can begin.
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
