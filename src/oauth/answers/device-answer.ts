import { lifeOf, secondsIn, statedEnd } from '../../credentials/token-life.ts'
import { fieldOf, isObject, type JsonObject } from '../../json.ts'
import type { ConformingAnswer } from './token-answer.ts'
import { wholeUrl } from './whole-url.ts'

/** Nobody waits longer between two requests. A larger number is in milliseconds, or a mistake. */
const mostIntervalSeconds = 300
const completeNames = ['verification_uri_complete', 'verification_url_complete']
/** The life of a code whose server states none. Most servers give 10 to 15 minutes, and say `expired_token` at its end. */
const defaultLifeSeconds = 900

/**
 * A device authorization response in the form of RFC 8628 section 3.2; undefined without a code and a page to enter it at.
 *
 * @param sentAt the time of the answer by the clock of the server, in ms
 */
export function conformingDevice(answer: JsonObject, url: URL, sentAt: number): ConformingAnswer | undefined {
  const fields = codesIn(answer)
  if (fields === undefined) return undefined
  const { deviceCode, userCode, from } = fields
  // Google says verification_url.
  const page = pageIn(from, ['verification_uri', 'verification_url'], url)
  const complete = pageIn(from, completeNames, url)
  const verification = page ?? complete
  if (verification === undefined) return undefined
  const interval = fieldOf(from, ['interval'])
  const seconds = secondsIn(interval)
  const regular = seconds !== undefined && seconds >= 1 && seconds <= mostIntervalSeconds
  const { lifeMs, endsAt, unreadable } = statedEnd(from)
  const life = lifeMs === undefined && endsAt !== undefined ? lifeOf((endsAt - sentAt) / 1000) : lifeMs
  const rawComplete = fieldOf(from, completeNames)
  return {
    answer: {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: verification,
      ...(complete !== undefined && { verification_uri_complete: complete }),
      ...(regular && { interval: seconds }),
      expires_in: life === undefined ? defaultLifeSeconds : life / 1000,
    },
    ignored: [
      ...(unreadable === undefined ? [] : [unreadable]),
      ...(interval === undefined || regular ? [] : ['interval']),
      ...(rawComplete === undefined || complete !== undefined ? [] : ['verification_uri_complete']),
    ],
  }
}

/** The two codes, and the object that they are in: the answer, or an object in it, such as `data`. */
function codesIn(answer: JsonObject) {
  for (const from of [answer, ...Object.values(answer).filter(isObject)]) {
    const deviceCode = fieldOf(from, ['device_code'])
    const user = fieldOf(from, ['user_code'])
    const userCode = typeof user === 'number' ? String(user) : user
    if (typeof deviceCode === 'string' && typeof userCode === 'string') return { deviceCode, userCode, from }
  }
  return undefined
}

/** A page of the server. The flow refuses every address that is not https. */
function pageIn(from: JsonObject, names: readonly string[], url: URL): string | undefined {
  const page = fieldOf(from, names)
  return typeof page === 'string' ? wholeUrl(page, url) : undefined
}
