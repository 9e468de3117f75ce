import { kindOf } from '../../../credentials/kinds.ts'
import { refreshedCredentialDocument } from '../../../documents/credential-documents.ts'
import { HallpassError } from '../../../errors.ts'
import type { RefreshOutcome } from '../../../oauth/refresher.ts'
import { type MetLogin, metLogin } from '../../../sessions/needed-logins.ts'
import type { Run } from '../../command.ts'
import { spokenTime } from '../../spoken-time.ts'
import { lifeText } from './freshness-text.ts'
import { loginCommand, needsLogin } from './needs-login.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  const session = await (await context.open()).session()
  const before = await session.credentials.get(name)
  const { kind, readFrom } = before
  if (readFrom !== undefined) {
    const message = `"${name}" is read from ${readFrom.what}: only its page makes a new one`
    throw new HallpassError('usage', message, { hint: loginCommand(metLogin(before)) })
  }
  if (before.freshness === undefined && kindOf(kind)?.freshness === undefined) {
    const message = `"${name}" is of the kind ${kind}, which is never refreshed: set a new value`
    throw new HallpassError('usage', message, { hint: `hallpass token set ${name}` })
  }
  const outcome = await session.tokens.refresh(name, { because: 'asked' })
  const failure = failureOf(outcome, metLogin(before), session.name)
  if (failure !== undefined) throw failure
  const credential = await session.credentials.get(name)
  if (output.json) {
    const showing = { spell: output.spell, now: Date.now() }
    output.print(refreshedCredentialDocument(outcome.kind, credential, showing))
  }
  const life = credential.freshness === undefined ? '' : `: ${lifeText(credential.freshness, Date.now())}`
  const who = outcome.kind === 'adopted' ? ' by another process just now' : ''
  output.say(`refreshed ${name}${who}${life}`)
}

/** The error of a refresh without a new token; undefined if there is one. */
export function failureOf(
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
