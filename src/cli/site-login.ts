import { fromWire } from '../documents/from-wire.ts'
import { loginCommand } from '../sessions/needs-login.ts'
import type { SiteLogin } from '../sessions/site-logins.ts'
import { spokenTime } from '../spoken-time.ts'

/** `app.example.com answered 401 with the cookies of this session: perhaps its login has ended` */
export function siteLoginText({ state, site, reason, endsAt = '' }: SiteLogin, whose: string): string {
  if (state === 'ending') {
    const left = spokenTime(Date.parse(endsAt), Date.now())
    return `the login at ${site} of ${whose} ends ${left}, with the cookie ${fromWire(reason)}`
  }
  return state === 'suspect'
    ? `${reason} of ${whose}: perhaps its login has ended`
    : `the login at ${site} of ${whose} has ended: ${reason}`
}

/** The command that mends it, written `hallpass …` without its session. */
export function siteLoginCommand({ url, credential }: SiteLogin): string {
  if (credential === undefined) return `hallpass login ${url}`
  const { kind, name, signInAt, command, variable, file } = credential
  const isSet = kind !== 'oauth2' && (signInAt ?? command ?? variable ?? file) === undefined
  return isSet ? `hallpass token set ${name}` : loginCommand(credential)
}
