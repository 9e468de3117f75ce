import { credentialFields } from '../../../documents/credential-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { parseHostPattern } from '../../../rules/host-pattern.ts'
import { isLoopbackHost } from '../../../rules/loopback.ts'
import type { CredentialSummary } from '../../../sessions/credential-summary.ts'
import type { CredentialInput } from '../../../sessions/merge-credential.ts'
import { metLogin } from '../../../sessions/needed-logins.ts'
import { loginCommand } from '../../../sessions/needs-login.ts'
import { spokenDuration } from '../../../spoken-time.ts'
import { type Context, Exit, type Input, type Run } from '../../command.ts'
import { pastedLine } from '../../prompt.ts'
import { warnOfStaleShell } from '../../warn-of-stale-shell.ts'
import { checkDefinition, definitionOf } from './definition.ts'
import { lifeText } from './freshness-text.ts'
import { clientSecretOf, withAnswers } from './login-answers.ts'
import { LoginScreen } from './login-screen.ts'

/** 128 + SIGINT, as a shell reports it. */
const interrupted = 130
const signals = ['SIGINT', 'SIGTERM'] as const

export const run: Run = async (context, input) => {
  const { output, flags } = context
  const [name = ''] = input.args
  const given = loginDefinition(input)
  // Without the issuer, which may be a bare domain here.
  if (given.flow !== 'oauth1') await checkDefinition({ ...given, kind: 'oauth2', issuer: undefined }, true)
  const hallpass = await context.open()
  const session = await hallpass.session()
  const held = (await session.credentials.list()).find((credential) => credential.name === name)
  if (held?.readFrom?.signInAt !== undefined) {
    const message = `"${name}" is read from ${held.readFrom.what}: sign in with a browser window`
    throw new HallpassError('usage', message, {
      hint: loginCommand(metLogin(held)),
    })
  }
  const oauth1 = given.flow === 'oauth1' || (given.flow === undefined && held?.kind === 'oauth1')
  const definition = oauth1
    ? given
    : await withAnswers(context, given, held, session.credentials.isRuled(name))
  const clientSecret = await clientSecretOf(context, name, input, definition, held)
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  for (const signal of signals) process.once(signal, interrupt)
  // The parser makes `browser` false for --no-browser.
  const opens = input.has('browser')
  const screen = new LoginScreen(context, opens, oauth1)
  try {
    const outcome = await hallpass.login(name, definition, {
      visit: (page, start) => screen.visit(page, start),
      showCode: (code) => screen.showCode(code),
      note: (text) => output.warn(text),
      wait: input.has('wait'),
      signal: stop.signal,
      ...(clientSecret !== undefined && { clientSecret }),
      ...(!opens && {
        pasted: async (signal) => {
          const line = await pastedLine(flags, oauth1 ? 'the PIN' : 'the URL where the browser ended', signal)
          if (line !== undefined) return line
          // The browser may still come back to this machine. A PIN has no other way.
          return oauth1 ? Promise.reject(noPin(name)) : new Promise(() => {})
        },
      }),
    })
    if (outcome === 'pending') {
      output.say('the login is pending: enter the code, then run the same command again')
      output.hint(`hallpass token login ${name}`)
      return
    }
  } catch (error) {
    screen.end()
    if (!stop.signal.aborted) throw error
    sayStopped(context, name, screen.pendingUntil)
    throw new Exit(interrupted)
  } finally {
    screen.end()
    for (const signal of signals) process.removeListener(signal, interrupt)
  }
  tell(context, await session.credentials.get(name), session.name)
  await warnOfStaleShell(context, hallpass)
}

function noPin(name: string): HallpassError {
  const message = 'the PIN is missing: stdin has ended. Type it, or write it to stdin after the client secret'
  return new HallpassError('usage', message, { hint: `hallpass token login ${name} --no-browser` })
}

function loginDefinition(input: Input): CredentialInput {
  const given = definitionOf(input)
  if (!input.has('device')) return given
  if (given.flow !== undefined && given.flow !== 'device')
    throw new HallpassError('usage', `--device means --flow device and does not go with --flow ${given.flow}`)
  return { ...given, flow: 'device' }
}

function sayStopped({ output }: Context, name: string, pendingUntil: Date | undefined): void {
  if (pendingUntil === undefined) {
    output.say('stopped; nothing was kept')
    return
  }
  const left = spokenDuration(Math.max(0, pendingUntil.getTime() - Date.now()))
  output.say(`stopped waiting; the same command resumes the login for another ${left}`)
  output.hint(`hallpass token login ${name}`)
}

/** Prints what was stored, and a command to try. */
function tell({ output }: Context, credential: CredentialSummary, session: string): void {
  const { name, hosts, freshness } = credential
  if (output.json)
    output.event('token-login/1', {
      event: 'done',
      ...credentialFields(credential, { spell: output.spell, now: Date.now() }),
    })
  const where = hosts.length === 0 ? 'the hosts of the rules that name it' : hosts.join(', ')
  const life = freshness === undefined ? '' : `: ${lifeText(freshness, Date.now())}`
  output.say(`kept ${name} for ${where}, in the session ${session}${life}`)
  if (freshness?.expiresAt !== undefined && !freshness.refreshable)
    output.say('it has no refresh token: log in again when it has expired')
  const host = hosts.find((text) => !text.includes('*')) ?? 'HOST'
  // A server of this machine rarely has a certificate.
  const scheme = isLoopbackHost(parseHostPattern(host).host) ? 'http' : 'https'
  output.hint(`hallpass run -- curl ${scheme}://${host}/`)
}
