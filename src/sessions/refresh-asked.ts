import { kindOf } from '../credentials/kinds.ts'
import { HallpassError } from '../errors.ts'
import type { RefreshOutcome } from '../oauth/refresher.ts'
import { spokenTime } from '../spoken-time.ts'
import type { CredentialSummary } from './credential-summary.ts'
import { type MetLogin, metLogin } from './needed-logins.ts'
import { loginCommand, needsLogin } from './needs-login.ts'
import type { Session } from './session.ts'

/** Refreshes a credential because somebody asks for it. Throws when no new token comes of it. */
export async function refreshAsked(
  session: Session,
  name: string,
): Promise<{ readonly result: RefreshOutcome['kind']; readonly credential: CredentialSummary }> {
  const before = await session.credentials.get(name)
  const { kind, readFrom, freshness } = before
  if (readFrom !== undefined && freshness?.refreshable !== true) {
    const how = readFrom.signInAt === undefined ? 'nothing here changes it' : 'only its page makes a new one'
    const message = `"${name}" is read from ${readFrom.what}: ${how}`
    throw new HallpassError('usage', message, { hint: loginCommand(metLogin(before)) })
  }
  if (freshness === undefined && kindOf(kind)?.freshness === undefined) {
    const message = `"${name}" is of the kind ${kind}, which is never refreshed: set a new value`
    throw new HallpassError('usage', message, { hint: `hallpass token set ${name}` })
  }
  const outcome = await session.tokens.refresh(name, { because: 'asked' })
  const failure = refreshFailure(outcome, metLogin(before), session.name)
  if (failure !== undefined) throw failure
  return { result: outcome.kind, credential: await session.credentials.get(name) }
}

/** The error of a refresh without a new token; undefined if there is one. */
export function refreshFailure(
  outcome: RefreshOutcome,
  login: MetLogin,
  session: string,
): HallpassError | undefined {
  const { name } = login
  switch (outcome.kind) {
    case 'refreshed':
    case 'adopted':
      return undefined
    case 'needs-login':
      return needsLogin(login, session, outcome.reason)
    case 'waiting':
      return new HallpassError(
        'token-server',
        `"${name}" was not refreshed: ${outcome.reason}; the next attempt is ${spokenTime(outcome.retryAt, Date.now())} at the earliest`,
        { hint: 'hallpass token list' },
      )
    case 'not-refreshable':
      return new HallpassError('failed', `"${name}" cannot be refreshed: ${outcome.reason}`, {
        hint: 'hallpass token list',
      })
  }
}
