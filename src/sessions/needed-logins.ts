import type { CredentialSummary } from './credential-summary.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** A credential that a request met as in need of a login. */
export interface MetLogin {
  readonly name: string
  /** The page that makes its value, where a browser window is the login. */
  readonly signInAt?: string
}

/** A credential that nothing but a login can mend. */
export interface NeededLogin extends MetLogin {
  readonly session: string
  readonly reason: string
}

/** Credentials, of every session, that nothing but a login can mend. */
export async function neededLogins(sessions: Sessions, now: number): Promise<readonly NeededLogin[]> {
  const found = await Promise.all(
    (await sessions.list()).map(async ({ name: session }) => {
      const credentials = await (await sessions.get(session)).credentials.list()
      return credentials.flatMap((credential) => {
        const reason = whyLogin(credential, now)
        if (reason === undefined) return []
        const { name, readFrom } = credential
        return [{ session, name, reason, ...(readFrom && { signInAt: readFrom.signInAt }) }]
      })
    }),
  )
  return found.flat()
}

/** Those of a session that its requests met, with where to sign in. */
export async function metLogins(session: Session, names: readonly string[]): Promise<readonly MetLogin[]> {
  if (names.length === 0) return []
  const credentials = await session.credentials.list()
  return names.map((name) => {
    const readFrom = credentials.find((credential) => credential.name === name)?.readFrom
    return { name, ...(readFrom && { signInAt: readFrom.signInAt }) }
  })
}

/** Why nothing but a login helps; undefined when something else does, or nothing is amiss. */
export function whyLogin(
  { freshness, definition, readFrom }: Pick<CredentialSummary, 'freshness' | 'definition' | 'readFrom'>,
  now: number,
): string | undefined {
  if (freshness === undefined) return undefined
  const { needsLogin, refreshable, expiresAt = Number.POSITIVE_INFINITY } = freshness
  // What is read from the file of another tool is that tool's to mend.
  const owned = definition !== undefined && 'tokenFile' in definition && definition.tokenFile !== undefined
  if (needsLogin !== undefined || refreshable || owned || expiresAt > now) return needsLogin
  return readFrom === undefined
    ? 'it has expired, and there is no refresh token'
    : 'it has expired, and only its page makes the next one'
}
