import { placeText } from '../credentials/credential.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Plan } from './plan.ts'

/** What a plan may need a request's body for, besides sending it: to be signed first, to be sent again after a 401. */
export function bodyUse(plan: Plan, head: RequestHead): 'none' | 'again' | 'signed' {
  if (plan.body === 'hash' || (plan.body === 'form' && isForm(head))) return 'signed'
  for (const { freshness } of plan.credentials.attached) if (freshness?.refreshable === true) return 'again'
  return 'none'
}

/** RFC 5849, 3.4.1.3.1. */
function isForm(head: RequestHead): boolean {
  return head.fields.some(
    ({ lower, value }) =>
      lower === 'content-type' && /^application\/x-www-form-urlencoded[\t ]*(?:;|$)/i.test(value),
  )
}

/** Names of the credentials with tokens that were really sent: a 401 may be about them. */
export function tokensSent(plan: Plan, attachedNames: readonly string[]): readonly string[] {
  return plan.credentials.attached
    .filter(
      ({ freshness, place, name }) =>
        freshness !== undefined && attachedNames.includes(`${placeText(place)}(${name})`),
    )
    .map(({ name }) => name)
}

/** Names of the credentials for this host whose owner has to log in again. */
export function needsLogin({ credentials }: Plan): readonly string[] {
  let names = none
  for (const { freshness, name } of credentials.attached)
    if (freshness?.needsLogin !== undefined) names = [...names, name]
  for (const { freshness, name } of credentials.withheld)
    if (freshness?.needsLogin !== undefined) names = [...names, name]
  return names
}

const none: readonly string[] = []
