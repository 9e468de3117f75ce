import { cookieDocument } from '../../../documents/cookie-documents.ts'
import { fromWire } from '../../../documents/from-wire.ts'
import { HallpassError } from '../../../errors.ts'
import { toWire } from '../../../formats/latin1.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { Input, Run } from '../../command.ts'
import { warnOfStaleShell } from '../../warn-of-stale-shell.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [url = '', name = ''] = input.args
  // Checked before the user types the value.
  const maxAgeSeconds = maxAgeOf(input)
  const hallpass = await context.open()
  const session = await hallpass.session()
  const sameSite = input.text('sameSite')
  const value = await context.secret(`the value of ${name}`)
  const cookie = await session.cookies.set(url, {
    name: toWire(name),
    value: toWire(value.reveal()),
    domain: input.text('domain'),
    path: input.text('path'),
    maxAgeSeconds,
    secure: input.has('secure'),
    httpOnly: input.has('httpOnly'),
    sameSite: sameSite === 'strict' || sameSite === 'lax' || sameSite === 'none' ? sameSite : undefined,
  })
  const now = Date.now()
  if (output.json) output.print(cookieDocument(cookie, { reveal: false, now }))
  const hosts = cookie.hostOnly ? cookie.domain : `${cookie.domain} and the hosts below it`
  const life = cookie.expiresAt === undefined ? '' : `, expires ${spokenTime(cookie.expiresAt, now)}`
  output.say(`kept ${fromWire(cookie.name)} for ${hosts}${life}, in the session ${session.name}`)
  await warnOfStaleShell(context, hallpass)
}

function maxAgeOf(input: Input): number | undefined {
  const text = input.text('maxAge')
  if (text === undefined) return undefined
  if (!/^\d{1,12}$/.test(text))
    throw new HallpassError('usage', '--max-age must be a whole number of seconds')
  return Number(text)
}
