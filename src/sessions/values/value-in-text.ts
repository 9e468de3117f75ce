import type { Definition } from '../../credentials/kind.ts'
import { jwtEndsAt, statedEnd } from '../../credentials/token-life.ts'
import { HallpassError } from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import type { Fault, ForeignValue } from './foreign-value.ts'
import { parseSecret } from './sealed-value.ts'
import { tokensIn } from './tokens-in-file.ts'

/** These kinds take JSON with several secrets themselves. */
const kindsOfJson = ['basic', 'sigv4']

/**
 * The value in a text that a command prints, or that a file or a variable holds: its first line (`pass` writes notes below it), or the
 * token in its JSON.
 * @param writtenAt lives in the JSON count from then
 * @returns the fault of a text without a usable value. It does not repeat the text
 */
export function valueInText(text: string, definition: Definition, writtenAt: number): ForeignValue | Fault {
  if (text.trim() === '') return { fault: 'is empty', passing: 'unreadable' }
  const json = parseJsonObject(text)
  // Half of a token's JSON is one word, which every kind would take.
  if (json === undefined && /^\s*\{\s*(?:"|$)/.test(text))
    return { fault: 'is not whole JSON', passing: 'unreadable' }
  try {
    if (json === undefined) {
      const [line = ''] = text.split(/\r?\n/, 1)
      return { secret: parseSecret(definition, line, writtenAt), expiresAt: jwtEndsAt(line) }
    }
    if (kindsOfJson.includes(definition.kind)) {
      const { lifeMs, endsAt } = statedEnd(json)
      const expiresAt = endsAt ?? (lifeMs === undefined ? undefined : writtenAt + lifeMs)
      return { secret: parseSecret(definition, text, writtenAt), expiresAt }
    }
    const tokens = tokensIn(json, undefined, writtenAt)
    if (tokens === undefined) return { fault: 'is JSON without an access_token', passing: false }
    const { accessToken, expiresAt = Number.POSITIVE_INFINITY } = tokens
    // The writer may have kept the token for a while: then its life does not begin now.
    const end = Math.min(expiresAt, jwtEndsAt(accessToken) ?? Number.POSITIVE_INFINITY)
    const secret = parseSecret(definition, accessToken, writtenAt)
    return { secret, expiresAt: Number.isFinite(end) ? end : undefined }
  } catch (error) {
    if (!(error instanceof HallpassError)) throw error
    return { fault: `is not usable: ${error.message}`, passing: 'unreadable' }
  }
}
