import { HallpassError } from '../../../errors.ts'

/** The error for a credential that only a login can mend. */
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
 * The command of that login, written `hallpass …`.
 * @param signInAt the page to open in a browser window, if the page makes the value
 */
export function loginCommand(name: string, session: string, signInAt?: string): string {
  const login = signInAt === undefined ? `token login ${name}` : `login ${signInAt}`
  return `hallpass ${login}${session === 'default' ? '' : ` --session ${session}`}`
}
