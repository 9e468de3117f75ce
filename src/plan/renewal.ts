import { type Credential, placeText } from '../credentials/credential.ts'
import type { Freshness } from '../credentials/kind.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { Secret } from '../secret.ts'
import type { Plan } from './plan.ts'

/** Credentials whose tokens have ended or never came, and can be refreshed: the request waits for them. */
export function tokensLacking({ credentials }: Plan, now: number): readonly string[] {
  const ended = credentials.attached.filter(
    ({ freshness }) => freshness?.expiresAt !== undefined && freshness.expiresAt <= now,
  )
  return [...ended, ...credentials.withheld].filter(isDue(now)).map(({ name }) => name)
}

/** Credentials to refresh while requests still use their old tokens. */
export function tokensDue({ credentials }: Plan, now: number): readonly string[] {
  return credentials.attached.filter(isDue(now)).map(({ name }) => name)
}

function isDue(now: number) {
  return ({ freshness }: { readonly freshness?: Freshness }): boolean =>
    freshness?.refreshable === true && freshness.dueAt !== undefined && freshness.dueAt <= now
}

/** Why a request's body is kept: `signed`, the head needs it first; `again`, a 401 makes hallpass send it twice. */
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

/** Names of the credentials whose tokens were sent: a 401 can be about them. */
export function tokensSent(plan: Plan, attachedNames: readonly string[]): readonly string[] {
  return plan.credentials.attached
    .filter(
      ({ freshness, place, name }) =>
        freshness !== undefined && attachedNames.includes(`${placeText(place)}(${name})`),
    )
    .map(({ name }) => name)
}

/** The token that a 401 is about: the one that a plan puts into Authorization, or a value elsewhere that can be replaced. */
export function sentToken({ credentials }: Plan) {
  let elsewhere:
    | { readonly name: string; readonly freshness: Freshness; readonly accessToken: Secret }
    | undefined
  for (const credential of credentials.attached) {
    const { name, place, source, freshness } = credential
    const accessToken = tokenOf(credential)
    if (freshness === undefined || accessToken === undefined) continue
    const inHeader = source.from === 'value' && place.in === 'header'
    if (inHeader && place.name.toLowerCase() === 'authorization') return { name, freshness, accessToken }
    if (freshness.refreshable) elsewhere ??= { name, freshness, accessToken }
  }
  return elsewhere
}

/** The part of a value that a refresh replaces: the token in `Bearer …`, the secret that signs or takes the place of a dummy. */
export function tokenOf({ source, secrets }: Pick<Credential, 'source' | 'secrets'>): Secret | undefined {
  return source.from === 'value' ? new Secret(source.value.reveal().replace(/^\S+ /, '')) : secrets[0]
}

/** Names of the credentials for this host that need a new login. */
export function needsLogin({ credentials }: Plan): readonly string[] {
  let names = none
  for (const { freshness, name } of credentials.attached)
    if (freshness?.needsLogin !== undefined) names = [...names, name]
  for (const { freshness, name } of credentials.withheld)
    if (freshness?.needsLogin !== undefined) names = [...names, name]
  return names
}

/** Every response asks: the same array for nearly all of them. */
const none: readonly string[] = []
