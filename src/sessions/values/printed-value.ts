import type { Definition } from '../../credentials/kind.ts'
import { jwtEndsAt, statedEnd } from '../../credentials/token-life.ts'
import { parseJsonObject } from '../../json.ts'
import { parseSecret } from './sealed-value.ts'
import { tokensIn } from './tokens-in-file.ts'

/** A value with its end, if it says when it ends. */
export interface PrintedValue {
  readonly secret: unknown
  /** In ms since the epoch. */
  readonly expiresAt?: number | undefined
}

/** These kinds take JSON with several secrets themselves. */
const kindsOfJson = ['basic', 'sigv4']

/**
 * The value in the output of a command: its first line (`pass` writes notes below it), or the token in its JSON.
 * @throws HallpassError `value-invalid`, which does not repeat the output
 * @returns undefined for JSON without a token
 */
export function printedValue(printed: string, definition: Definition, now: number): PrintedValue | undefined {
  const json = parseJsonObject(printed)
  if (json === undefined) {
    const [line = ''] = printed.split(/\r?\n/, 1)
    return { secret: parseSecret(definition, line, now), expiresAt: jwtEndsAt(line) }
  }
  if (kindsOfJson.includes(definition.kind)) {
    const { lifeMs, endsAt } = statedEnd(json)
    const expiresAt = endsAt ?? (lifeMs === undefined ? undefined : now + lifeMs)
    return { secret: parseSecret(definition, printed, now), expiresAt }
  }
  const tokens = tokensIn(json, undefined, now)
  if (tokens === undefined) return undefined
  const { accessToken, expiresAt = Number.POSITIVE_INFINITY } = tokens
  // The command may have kept the token for a while: then its life does not begin now.
  const end = Math.min(expiresAt, jwtEndsAt(accessToken) ?? Number.POSITIVE_INFINITY)
  const secret = parseSecret(definition, accessToken, now)
  return { secret, expiresAt: Number.isFinite(end) ? end : undefined }
}
