import { tokenFieldsOf } from '../../credentials/token-response.ts'
import { fieldOf, isObject, type JsonObject } from '../../json.ts'

/** An answer in the form of its RFC. */
export interface ConformingAnswer {
  readonly answer: JsonObject
  /** The names of fields that were not usable and are left out. */
  readonly ignored: readonly string[]
}

/**
 * A token response in the form of RFC 6749 section 5.1. undefined when it has no usable bearer token.
 *
 * @param sentAt the time of the answer by the clock of the server, in ms
 * @param names of the access token
 */
export function conformingTokens(
  answer: JsonObject,
  sentAt: number,
  names: readonly string[] = ['access_token', 'token'],
): ConformingAnswer | undefined {
  const tokens = tokensIn(answer, names)
  const fields = tokens && tokenFieldsOf(tokens)
  if (tokens === undefined || fields === undefined) return undefined
  const { accessToken, refreshToken, scope, endsAt, ignored } = fields
  const lifeMs = fields.lifeMs ?? (endsAt === undefined ? undefined : endsAt - sentAt)
  const idToken = fieldOf(tokens, ['id_token'])
  return {
    answer: {
      access_token: accessToken,
      token_type: 'bearer',
      // An end in the past says that a clock is wrong, and would have every request refresh.
      ...(lifeMs !== undefined && lifeMs >= 1000 && { expires_in: lifeMs / 1000 }),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      ...(scope !== undefined && { scope }),
      ...(typeof idToken === 'string' && { id_token: idToken }),
    },
    ignored: idToken === undefined || typeof idToken === 'string' ? ignored : [...ignored, 'id_token'],
  }
}

/** The object with the tokens: the answer, or the only object in it that has an access token, such as `data`. */
function tokensIn(answer: JsonObject, names: readonly string[]): JsonObject | undefined {
  const hasToken = (part: JsonObject) => typeof fieldOf(part, names) === 'string'
  if (hasToken(answer)) return answer
  const [inner, another] = Object.values(answer).filter(isObject).filter(hasToken)
  if (inner === undefined || another !== undefined) return undefined
  // A type beside the envelope is the type of the tokens in it. A token of another type than bearer must not be sent.
  const type = fieldOf(inner, ['token_type']) ?? fieldOf(answer, ['token_type'])
  return type === undefined ? inner : { ...inner, token_type: type }
}
