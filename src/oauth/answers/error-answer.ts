import { fieldOf, isObject, type JsonObject } from '../../json.ts'

/** A refusal in the form of RFC 6749 section 5.2. */
export interface NamedError {
  readonly error: string
  readonly error_description?: string
}

/** The codes of RFC 6749 section 5.2, RFC 8628 section 3.5 and RFC 8707 section 2, with other servers' words for them. */
const codes: Readonly<Record<string, readonly string[]>> = {
  invalid_request: [],
  invalid_client: [],
  invalid_grant: [],
  unauthorized_client: [],
  unsupported_grant_type: [],
  invalid_scope: [],
  invalid_target: [],
  server_error: [],
  temporarily_unavailable: [],
  authorization_pending: [],
  slow_down: [],
  // Microsoft says authorization_declined.
  access_denied: ['authorization_declined', 'user_denied', 'denied'],
  expired_token: ['code_expired', 'device_code_expired', 'expired_device_code'],
}

const codeOfWord = new Map(
  Object.entries(codes).flatMap(([code, others]) => [code, ...others].map((word) => [letters(word), code])),
)

const errorNames = ['error', 'error_code', 'error_type', 'errors', 'fault', 'errcode']
const moreErrorNames = ['code', 'status', 'type', 'title', 'reason']
const descriptionNames = [
  'error_description',
  'error_summary',
  'message',
  'error_message',
  'msg',
  'errmsg',
  'detail',
  'description',
  'title',
  'faultstring',
]

/**
 * The error that an answer names, in any spelling: `{"errors":[{"errorType":"invalid_grant"}]}`,
 * `{"error":{"code":"refresh_token_invalidated"}}`, `{"__type":"SlowDownException"}`.
 *
 * @param failed the status says that it is an error; then `code` and `status` name it too
 */
export function namedError(answer: JsonObject, failed: boolean): NamedError | undefined {
  const said = fieldOf(answer, errorNames) ?? answer.__type
  const more = failed || answer.success === false || answer.ok === false
  const description = descriptionIn(answer) ?? descriptionIn(first(said))
  const named = wordIn(said) ?? (more ? (wordIn(fieldOf(answer, moreErrorNames)) ?? description) : undefined)
  if (named === undefined) return undefined
  const error = codeOfWord.get(letters(named)) ?? named
  const words = [error === named ? undefined : named, description].filter(
    (text) => text !== undefined && text !== named,
  )
  return { error, ...(words.length > 0 && { error_description: words.join(': ') }) }
}

/** The word of an error: a text or a number other than 0, or the word in an object or a list. */
function wordIn(value: unknown, depth = 0): string | undefined {
  const one = first(value)
  if (typeof one === 'string') return one === '' || one === '0' ? undefined : one
  if (typeof one === 'number') return one === 0 ? undefined : String(one)
  if (!isObject(one) || depth > 2) return undefined
  return wordIn(
    fieldOf(one, ['error', 'code', 'error_code', 'error_type', 'status', 'type', 'message', 'detail']),
    depth + 1,
  )
}

function descriptionIn(value: unknown): string | undefined {
  const text = isObject(value) ? first(fieldOf(value, descriptionNames)) : undefined
  return typeof text === 'string' ? text : undefined
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value
}

/** A word without what differs between spellings: `com.amazon#SlowDownException` is `slow_down`. */
export function letters(word: string): string {
  return word
    .replace(/^.*#/, '')
    .replace(/(?:Exception|Error)$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
}
