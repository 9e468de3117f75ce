import { HallpassError } from '../errors.ts'
import { quotedWord } from '../quoted-word.ts'
import type { MetLogin } from './needed-logins.ts'

/** The error for a credential that only a login can mend. */
export function needsLogin(login: MetLogin, session: string, reason = login.reason): HallpassError {
  const why = reason === undefined ? '' : `: ${reason}`
  return new HallpassError(
    'needs-login',
    `the credential "${login.name}" of the session "${session}" needs a login${why}`,
    { hint: loginCommand(login) },
  )
}

/** The command of a login, written `hallpass …` without its session, or the command that mends the source of the value. */
export function loginCommand({ name, signInAt, command, variable, file }: MetLogin): string {
  if (command !== undefined) return command
  // The proxy keeps the environment that it was started with.
  if (variable !== undefined) return `export ${variable}; hallpass stop; hallpass start --background`
  if (file !== undefined) return `ls -lL ${quotedWord(file)}`
  return `hallpass ${signInAt === undefined ? `token login ${name}` : `login ${signInAt}`}`
}
