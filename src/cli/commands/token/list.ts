import { credentialsDocument } from '../../../documents/credential-documents.ts'
import type { CredentialSummary } from '../../../sessions/credential-summary.ts'
import { metLogin, pendingLogin, whyLogin } from '../../../sessions/needed-logins.ts'
import { loginCommand } from '../../../sessions/needs-login.ts'
import { spokenDuration } from '../../../spoken-time.ts'
import type { Run } from '../../command.ts'
import { historyText, lifeText } from './freshness-text.ts'

export const run: Run = async (context) => {
  const { output } = context
  const session = await (await context.open()).session()
  const credentials = await session.credentials.list()
  if (output.json) {
    output.print(credentialsDocument(session.name, credentials, { spell: output.spell, now: Date.now() }))
    return
  }
  if (credentials.length === 0) {
    output.say(`the session ${session.name} has no credentials`)
    output.hint('hallpass token set NAME --kind bearer --host HOST')
    return
  }
  const now = Date.now()
  output.table(
    credentials.map((credential) => [
      credential.name,
      credential.kind,
      credential.place ?? '',
      credential.hosts.length === 0 ? 'where a rule names it' : credential.hosts.join(' '),
      credential.fingerprint ?? '-',
      noteOf(credential, now),
    ]),
  )
}

/** The note of a row: what is wrong and how to mend it, or how fresh the credential is, and whether it is from the configuration. */
function noteOf(credential: CredentialSummary, now: number): string {
  const { name, problem, freshness, origin, readFrom } = credential
  const source = origin === 'session' || problem !== undefined ? [] : ['configuration']
  const pending = pendingLogin(freshness, now)
  if (pending !== undefined) {
    const left = spokenDuration(pending.expiresAt - now)
    return `a login is pending: enter ${pending.userCode} at ${pending.verificationUri} within ${left}, then ${loginCommand({ name })}`
  }
  const login = whyLogin(credential, now)
  if (login !== undefined) return `needs a login: ${login}: ${loginCommand(metLogin(credential))}`
  const state = problem ?? (freshness === undefined ? '' : lifeText(freshness, now))
  const history = freshness === undefined ? '' : historyText(freshness, now)
  const place = problem === undefined ? (readFrom?.what ?? '') : ''
  return [place, state, history, ...source].filter((part) => part !== '').join('; ')
}
