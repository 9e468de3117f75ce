import type { Cookie } from '../../../cookies/cookie.ts'
import { byPlace, cookiesDocument } from '../../../documents/cookie-documents.ts'
import { fromWire } from '../../../documents/from-wire.ts'
import { inheritedScope } from '../../../environment/child-scope.ts'
import { scopeOf } from '../../../plan/run-scope.ts'
import { canReach } from '../../../plan/scope.ts'
import { Secret } from '../../../secret.ts'
import { siteOperand } from '../../../sessions/place-operand.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { Run } from '../../command.ts'
import { counted } from '../../counted.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [text] = input.args
  const site = text === undefined ? undefined : siteOperand(text)
  const session = await (await context.open()).session()
  const all = await session.cookies.list(site)
  const scope = scopeOf(inheritedScope(context.env, session.name))
  const cookies = all.filter((cookie) => canReach(scope, cookie)).toSorted(byPlace)
  if (cookies.length < all.length)
    output.say(
      `${counted(all.length - cookies.length, 'cookie')} of other hosts cannot be used here (--only)`,
    )
  const now = Date.now()
  const reveal = input.has('reveal')
  if (output.json) {
    output.print(cookiesDocument(session.name, site, cookies, { reveal, now }))
    return
  }
  if (all.length === 0) {
    output.say(`the session ${session.name} has no cookies${site === undefined ? '' : ` of ${site}`}`)
    return
  }
  if (cookies.length > 0) output.table(cookies.map((cookie) => row(cookie, now, reveal)))
}

function row(cookie: Cookie, now: number, reveal: boolean): string[] {
  const { name, domain, hostOnly, path, expiresAt, secure, httpOnly, sameSite, value } = cookie
  const flags = [secure ? 'secure' : '', httpOnly ? 'http-only' : '', sameSite === 'default' ? '' : sameSite]
  const life = expiresAt === undefined ? 'session' : spokenTime(expiresAt, now)
  return [
    name === '' ? '(no name)' : fromWire(name),
    hostOnly ? domain : `.${domain}`,
    fromWire(path),
    life,
    flags.filter((flag) => flag !== '').join(' '),
    reveal ? fromWire(value) : new Secret(value).fingerprint(),
  ]
}
