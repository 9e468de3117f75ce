import { HallpassError } from '../../../errors.ts'

/** What a person is told of a credential that nothing but a login can mend. */
export function needsLogin(name: string, session: string, reason?: string): HallpassError {
  const why = reason === undefined ? '' : `: ${reason}`
  return new HallpassError(
    'needs-login',
    `the credential "${name}" of the session "${session}" needs a login${why}`,
    { hint: loginCommand(name, session) },
  )
}

/** The command that mends it, spelled `hallpass …`. */
export function loginCommand(name: string, session: string): string {
  return `hallpass token login ${name}${session === 'default' ? '' : ` --session ${session}`}`
}
