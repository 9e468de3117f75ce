import { type Answered, askedUrl, isRefusal, isSuccess, loginSign } from '../plan/login-sign.ts'
import type { Plan } from '../plan/plan.ts'
import type { SessionHealth, WatchedHost } from './session-health.ts'
import { withSign, withSuccess } from './site-health.ts'

/**
 * What the client should know about the login of a site, after an answer that is not plain success or comes from a site whose login is
 * in doubt. Notes the change of the state.
 */
export function judgeLogin(
  health: SessionHealth,
  host: WatchedHost,
  plan: Plan,
  answer: Omit<Answered, 'succeeded' | 'refusals'>,
  now: number,
): 'suspect' | 'needs-login' | undefined {
  const state = health.stateOf(host)
  const url = `${answer.origin}/`
  if (isSuccess(answer.status)) {
    // As the sign has it: `/api/{me}` is `/api/%7Bme%7D`.
    const path = askedUrl(answer)?.pathname ?? ''
    health.change(host, (before) => withSuccess(before, { url, path }, now))
    return state === 'needs-login' ? state : undefined
  }
  if (isRefusal(answer)) host.refusals++
  const { succeeded, refusals } = host
  const sign = loginSign({ ...answer, succeeded, refusals }, plan)
  if (state === 'needs-login' || sign === undefined) return state === 'needs-login' ? state : undefined
  health.change(host, (before) => withSign(before, { ...sign, url }, now))
  return health.stateOf(host) === 'ok' ? undefined : 'suspect'
}
