import { isObject, type JsonObject } from '../../json.ts'
import { letters } from './error-answer.ts'

/** Codes for a refresh token that never works again, as letters only. RFC 6749 and OpenID Connect Core name four of them. */
const deadCodes = new Set([
  'invalidgrant',
  'loginrequired',
  'interactionrequired',
  'consentrequired',
  // GitHub, HubSpot, Slack, OpenAI.
  'badrefreshtoken',
  'invalidrefreshtoken',
  'refreshtokeninvalid',
  'refreshtokeninvalidated',
  'refreshtokenexpired',
  'expiredrefreshtoken',
  'refreshtokenrevoked',
  'refreshtokenreused',
  'refreshtokennotfound',
  'tokenrevoked',
  'tokenexpired',
  'tokeninvalidated',
  'expiredtoken',
  'invalidtoken',
  // Google.
  'invalidrapt',
  'reauthrequired',
  'sessionexpired',
  'sessionrevoked',
  'sessionterminated',
])

const ended =
  'invalid|expired|revoked|unknown|unrecognized|malformed|bad|not found|not valid|already used|reused|no longer valid'
/**
 * Atlassian says "refresh_token is invalid", others "Unknown or expired refresh token". But "Unknown parameter: refresh_token" is
 * about the request.
 */
const deadSentence = new RegExp(
  `\\brefresh[ _-]?token\\b[^.]{0,60}\\b(?:${ended})\\b|\\b(?:${ended})\\b(?! (?:parameter|request|field|client))[^.:]{0,30}\\brefresh[ _-]?token\\b`,
  'i',
)

/** Answers nest two or three levels deep and have few fields. */
const maxDepth = 4
const maxTextLength = 500

/** Whether the answer to a refresh says, in any of its fields, that the refresh token never works again. */
export function saysDeadGrant(answer: JsonObject): boolean {
  return textsIn(answer).some((text) => deadCodes.has(letters(text)) || deadSentence.test(text))
}

function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return value.length <= maxTextLength ? [value] : []
  if (depth > maxDepth) return []
  if (Array.isArray(value)) return value.flatMap((part) => textsIn(part, depth + 1))
  return isObject(value) ? Object.values(value).flatMap((part) => textsIn(part, depth + 1)) : []
}
