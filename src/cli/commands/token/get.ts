import { credentialDocument } from '../../../documents/credential-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { metLogin, whyLogin } from '../../../sessions/needed-logins.ts'
import { needsLogin } from '../../../sessions/needs-login.ts'
import { refreshFailure } from '../../../sessions/refresh-asked.ts'
import type { Session } from '../../../sessions/session.ts'
import type { Context, Run } from '../../command.ts'
import { lifeText } from './freshness-text.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  const hallpass = await context.open()
  const credential = await fresh(context, await hallpass.session(), name)
  const value = credential.value?.reveal()
  if (output.json) {
    const revealed = input.has('reveal') ? value : undefined
    output.print(credentialDocument(credential, { spell: output.spell, now: Date.now(), value: revealed }))
    return
  }
  if (!value) {
    const why = credential.problem ?? `a credential of the kind ${credential.kind} has no value of its own`
    throw new HallpassError('credential-missing', `"${name}" has no value: ${why}`, {
      hint: 'hallpass token list',
    })
  }
  output.value(`${value}\n`)
}

/**
 * Returns the credential after a refresh if one is due. A token that cannot be refreshed is used until it expires. A token of another
 * tool is returned even if it seems expired: this machine's clock may be wrong.
 */
async function fresh(context: Context, session: Session, name: string) {
  const credential = await session.credentials.get(name)
  const { freshness } = credential
  if (freshness === undefined) return credential
  const now = Date.now()
  const expired = (freshness.expiresAt ?? Number.POSITIVE_INFINITY) <= now
  const login = whyLogin(credential, now)
  if (login === undefined && (freshness.dueAt ?? Number.POSITIVE_INFINITY) > now) {
    if (expired) context.output.warn(`${name} ${lifeText(freshness, now)}`)
    return credential
  }
  const refresh = () => session.tokens.refresh(name, { because: expired ? 'expired' : 'due' })
  const failure =
    login === undefined
      ? refreshFailure(await refresh(), metLogin(credential), session.name)
      : needsLogin(metLogin(credential), session.name, login)
  if (failure !== undefined && (expired || credential.value === undefined)) throw failure
  if (failure !== undefined) context.output.warn(failure.message)
  return session.credentials.get(name)
}
