import { HallpassError } from '../../../errors.ts'

/** What a person is told of a credential that nothing but a login can mend. */
export function needsLogin(
  name: string,
  session: string,
  { reason, signInAt }: { readonly reason?: string; readonly signInAt?: string | undefined } = {},
): HallpassError {
  const why = reason === undefined ? '' : `: ${reason}`
  return new HallpassError(
    'needs-login',
    `the credential "${name}" of the session "${session}" needs a login${why}`,
    { hint: loginCommand(name, session, signInAt) },
  )
}

/**
 * The command that mends it, spelled `hallpass …`.
 * @param signInAt the page that makes its value, where a browser window is the login
 */
export function loginCommand(name: string, session: string, signInAt?: string): string {
  const login = signInAt === undefined ? `token login ${name}` : `login ${signInAt}`
  return `hallpass ${login}${session === 'default' ? '' : ` --session ${session}`}`
}
