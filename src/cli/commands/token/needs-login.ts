import { HallpassError } from '../../../errors.ts'
import type { MetLogin } from '../../../sessions/needed-logins.ts'

/** The error for a credential that only a login can mend. */
export function needsLogin(login: MetLogin, session: string, reason?: string): HallpassError {
  const why = reason === undefined ? '' : `: ${reason}`
  return new HallpassError(
    'needs-login',
    `the credential "${login.name}" of the session "${session}" needs a login${why}`,
    { hint: loginCommand(login, session) },
  )
}

/** The command of that login, written `hallpass …`, or the command that prints the value. */
export function loginCommand({ name, signInAt, command }: MetLogin, session: string): string {
  if (command !== undefined) return command
  const login = signInAt === undefined ? `token login ${name}` : `login ${signInAt}`
  return `hallpass ${login}${session === 'default' ? '' : ` --session ${session}`}`
}
