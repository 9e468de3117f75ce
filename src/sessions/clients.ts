import { createHash, randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { HallpassError } from '../errors.ts'
import type { Scope } from '../plan/scope.ts'
import { Secret } from '../secret.ts'
import { isName } from '../store/names.ts'
import { childTokenPrefix } from './child-token.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

export interface AuthenticatedClient {
  readonly session: Session
  readonly scope: Scope
  /** Aborted when the token is revoked: what it opened ends with it. A session's own token is never revoked. */
  readonly revoked?: AbortSignal
  /** Takes the names of credentials that its requests met as in need of a login; told when the token is revoked. */
  readonly needsLogin?: Set<string>
}

interface Issued {
  readonly id: string
  readonly session: string
  readonly token: Secret
  readonly scope: Scope
  readonly revocation: AbortController
  readonly needsLogin: Set<string>
}

/** Each `run` takes one and gives it back; those that were killed leave theirs behind until the proxy stops. */
const maxIssued = 10_000

const wholeSession: Scope = Object.freeze({})

/** Who may use which session: by the session's own token, or by one that lives in memory and narrows or widens what it may. */
export class Clients {
  readonly #sessions: Sessions
  /** By SHA-256 of the token: a look-up by the token itself would take a time that tells how much of a guess is right. */
  readonly #byDigest = new Map<string, Issued>()

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  /** A token for one child, gone when it is revoked or the process ends. */
  issue(session: string, scope: Scope): { readonly id: string; readonly token: Secret } {
    if (this.#byDigest.size >= maxIssued)
      throw new HallpassError('failed', `${maxIssued} clients have a token; no more are issued`, {
        hint: 'hallpass stop',
      })
    const id = randomBytes(8).toString('hex')
    const token = new Secret(childTokenPrefix + randomBytes(32).toString('base64url'))
    const revocation = new AbortController()
    // Each connection of the client listens; a browser has more than the ten from which Node warns of a leak.
    setMaxListeners(0, revocation.signal)
    this.#byDigest.set(digestOf(token.reveal()), {
      id,
      session,
      token,
      scope,
      revocation,
      needsLogin: new Set(),
    })
    return { id, token }
  }

  /**
   * Takes the token back and tells the connections that it opened.
   * @returns the credentials that its requests met as in need of a login; undefined when there is no token of that id
   */
  revoke(id: string): readonly string[] | undefined {
    for (const [digest, issued] of this.#byDigest) {
      if (issued.id !== id) continue
      this.#byDigest.delete(digest)
      issued.revocation.abort()
      return [...issued.needsLogin].sort()
    }
    return undefined
  }

  /** @param user the session's name. undefined when there is no such session or the token is not one of its own. */
  async authenticate(user: string, password: string): Promise<AuthenticatedClient | undefined> {
    if (!isName('session', user)) return undefined
    const found = this.#byDigest.get(digestOf(password))
    const issued = found?.session === user && found.token.equals(password) ? found : undefined
    const session = await this.#find(user)
    if (session === undefined) return undefined
    if (issued === undefined) {
      const token = await session.readClientToken()
      if (token?.equals(password) !== true) return undefined
    }
    // Not waited for, and a disk that is full keeps nobody out.
    this.#sessions.touch(session).catch(() => 'the time of last use is not worth an error')
    return issued === undefined
      ? { session, scope: wholeSession }
      : {
          session,
          scope: issued.scope,
          revoked: issued.revocation.signal,
          needsLogin: issued.needsLogin,
        }
  }

  async #find(name: string): Promise<Session | undefined> {
    try {
      return await this.#sessions.get(name)
    } catch (error) {
      if (error instanceof HallpassError && error.code === 'session-missing') return undefined
      throw error
    }
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
