import { HallpassError } from '../errors.ts'
import type { MetLogin } from './needed-logins.ts'

/** The error for a credential that only a login can mend. */
export function needsLogin(login: MetLogin, session: string, reason?: string): HallpassError {
  const why = reason === undefined ? '' : `: ${reason}`
  return new HallpassError(
    'needs-login',
    `the credential "${login.name}" of the session "${session}" needs a login${why}`,
    { hint: loginCommand(login) },
  )
}

/** The command of a login, written `hallpass …` without its session, or the command that prints the value. */
export function loginCommand({ name, signInAt, command }: MetLogin): string {
  return command ?? `hallpass ${signInAt === undefined ? `token login ${name}` : `login ${signInAt}`}`
}
