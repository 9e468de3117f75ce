import { fromWire } from '../../../documents/from-wire.ts'
import { errorTable, HallpassError } from '../../../errors.ts'
import { needsLogin } from '../../../sessions/needs-login.ts'
import type { Outcome } from '../../../sessions/outcome.ts'
import type { Context } from '../../command.ts'
import { counted } from '../../counted.ts'
import { siteLoginCommand, siteLoginText } from '../../site-login.ts'

/** The last reasons are enough to see what is wrong; `hallpass logs` has all. */
const maxReasons = 3

/**
 * Says after the child what came of its requests, where it is more than plain success: a tool rarely shows the answers of the proxy,
 * and never what was not attached.
 * @param always also says it of plain success
 */
export function sayOutcome(context: Context, outcome: Outcome, exit: number, always: boolean): void {
  const { output, flags } = context
  // The status stays that of the child, which may have handled its 401.
  for (const login of outcome.needsLogin) output.fail(needsLogin(login, flags.session), exit)
  for (const login of outcome.siteLogins) {
    if (login.state !== 'needs-login') continue
    const hint = siteLoginCommand(login)
    output.fail(new HallpassError('needs-login', siteLoginText(login, 'this session'), { hint }), exit)
  }
  if (output.json || flags.quiet) return
  for (const { name, url, reason } of outcome.notAttached) {
    output.warn(`${name} was not attached to ${new URL(url).host}: ${reason}`)
    output.hint(`hallpass explain ${url}`)
  }
  for (const { message, hint, count } of outcome.answers.slice(-maxReasons)) {
    output.warn(count === 1 ? message : `${message} (${count} times)`)
    if (hint !== null) output.hint(hint)
  }
  const line = outcomeLine(outcome, always)
  if (line !== '') output.say(line)
  for (const login of outcome.siteLogins) {
    if (login.state === 'needs-login') continue
    output.warn(siteLoginText(login, 'this session'))
    output.hint(siteLoginCommand(login))
  }
}

/** `captured sid for app.example.com; refused 2 requests; did not attach github`; empty after plain success. */
export function outcomeLine(outcome: Outcome, always: boolean): string {
  const { requests, attached, tunnels, captured, answers, notAttached, needsLogin } = outcome
  const isRefusal = ({ code }: { readonly code: string }) =>
    code in errorTable && errorTable[code as keyof typeof errorTable].http < 500
  const sum = (some: Outcome['answers']) => some.reduce((total, { count }) => total + count, 0)
  const refused = sum(answers.filter(isRefusal))
  const failed = sum(answers) - refused
  const parts = [
    ...(always
      ? [
          `${counted(requests, 'request')}, ${attached} with something of the session`,
          ...(tunnels === 0 ? [] : [`${counted(tunnels, 'connection')} passed through`]),
        ]
      : []),
    ...capturedParts(captured),
    ...(refused === 0 ? [] : [`refused ${counted(refused, 'request')}`]),
    ...(failed === 0 ? [] : [`failed at ${counted(failed, 'request')}`]),
    ...(notAttached.length === 0 ? [] : [`did not attach ${namesOf(notAttached)}`]),
  ]
  // Alone it is no news after the error that names the login.
  if (parts.length > 0 && needsLogin.length > 0) parts.push(`needs a login: ${namesOf(needsLogin)}`)
  return parts.join('; ')
}

/** A line names the cookies of a few hosts, and counts those of many. */
const maxHosts = 3
const maxNames = 5

function capturedParts(captured: Outcome['captured']): string[] {
  if (captured.length > maxHosts) {
    const total = captured.reduce((sum, { names }) => sum + names.length, 0)
    return [`captured ${counted(total, 'cookie')} of ${captured.length} hosts`]
  }
  return captured.map(({ host, names }) =>
    names.length > maxNames
      ? `captured ${names.length} cookies for ${host}`
      : `captured ${names.map(fromWire).join(', ')} for ${host}`,
  )
}

function namesOf(credentials: readonly { readonly name: string }[]): string {
  return credentials.map(({ name }) => name).join(', ')
}
