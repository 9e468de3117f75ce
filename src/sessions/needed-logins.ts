import { valueSource } from '../credentials/value-source.ts'
import type { CredentialSummary } from './credential-summary.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** A credential that a request used and that needs a login. */
export interface MetLogin {
  readonly name: string
  /** The page to open in a browser window, if the page makes the value. */
  readonly signInAt?: string
  /** The command to mend, if it prints the value. */
  readonly command?: string
  /** The variable or the file to mend, if it has the value. */
  readonly variable?: string
  readonly file?: string
  /** Of a value from outside the session: why it is missing. No login says so. */
  readonly reason?: string
}

/** A credential that only a login can mend. */
export interface NeededLogin extends MetLogin {
  readonly session: string
  readonly reason: string
}

/** The credentials of all readable sessions that only a login can mend. */
export async function neededLogins(sessions: Sessions, now: number): Promise<readonly NeededLogin[]> {
  return sessions.inEach(async (session) =>
    (await session.credentials.list()).flatMap((credential) => {
      const reason = whyLogin(credential, now)
      return reason === undefined ? [] : { session: session.name, reason, ...metLogin(credential) }
    }),
  )
}

/** The named credentials of a session, with the ways to mend them. */
export async function metLogins(
  session: Session,
  names: readonly string[],
  now: number,
): Promise<readonly MetLogin[]> {
  if (names.length === 0) return []
  const credentials = await session.credentials.list()
  return names.map((name) => {
    const found = credentials.find((credential) => credential.name === name)
    if (found === undefined) return { name }
    const reason = valueSource(found.definition) && whyLogin(found, now)
    return { ...metLogin(found), ...(reason !== undefined && { reason }) }
  })
}

/** How a person mends a credential. */
export function metLogin({
  name,
  readFrom,
  definition,
}: Pick<CredentialSummary, 'name' | 'readFrom' | 'definition'>): MetLogin {
  const signInAt = readFrom?.signInAt
  const source = valueSource(definition)
  return {
    name,
    ...(signInAt !== undefined && { signInAt }),
    ...(source && { [source.from]: source.name }),
  }
}

/** Why the credential needs a login; undefined if it does not. */
export function whyLogin(
  { freshness, definition, readFrom }: Pick<CredentialSummary, 'freshness' | 'definition' | 'readFrom'>,
  now: number,
): string | undefined {
  if (freshness === undefined) return undefined
  const { needsLogin, refreshable, expiresAt = Number.POSITIVE_INFINITY } = freshness
  // Tokens in the file of another tool are refreshed by that tool.
  const owned = definition !== undefined && 'tokenFile' in definition && definition.tokenFile !== undefined
  if (needsLogin !== undefined || refreshable || owned || expiresAt > now) return needsLogin
  if (readFrom === undefined) return 'it has expired, and there is no refresh token'
  return readFrom.signInAt === undefined
    ? `it has expired, and ${readFrom.what} has no newer one`
    : 'it has expired, and only its page makes the next one'
}

/** The device login that somebody can still finish. */
export function pendingLogin(freshness: CredentialSummary['freshness'], now: number) {
  const pending = freshness?.pending
  return pending !== undefined && pending.expiresAt > now ? pending : undefined
}
