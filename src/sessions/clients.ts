import { createHash, randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { HallpassError } from '../errors.ts'
import type { Scope } from '../plan/scope.ts'
import { Secret } from '../secret.ts'
import { isName } from '../store/names.ts'
import { childTokenPrefix } from './child-token.ts'
import { type ClientSummary, Report } from './report.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** @param use the exclusive use that the client belongs to, if any */
export type CheckUse = (session: string, use: string | undefined) => Promise<void>

export interface AuthenticatedClient {
  readonly session: Session
  readonly scope: Scope
  /** Aborted when the token ends, and when the session ends: its connections end then. */
  readonly revoked: AbortSignal
  /** The outcome of its requests. `revoke` returns that of a child. */
  readonly report: Report
  /** The exclusive use of the session that it belongs to. */
  readonly use: string | undefined
}

interface Issued {
  readonly token: Secret
  readonly revocation: AbortController
  readonly revoked: AbortSignal
}

interface IssuedToChild extends Issued {
  readonly id: string
  readonly session: Session
  readonly scope: Scope
  readonly report: Report
  /** The exclusive use of the session that it belongs to. */
  readonly use: string | undefined
}

/** Each `run` takes a token and gives it back. A killed `run` leaves its token behind until the proxy stops. */
const maxIssued = 10_000

const wholeSession: Scope = Object.freeze({})

/**
 * Decides which client may use which session: by the session's own token, or by a token of a child with a scope of its own.
 * All tokens are in memory alone and end with this process. Attack: after `stop`, another user listens on the port and collects
 * the tokens that shells still send there. After the next start they must open nothing.
 */
export class Clients {
  /** The outcome of the requests of all clients. */
  readonly report = new Report()
  readonly #sessions: Sessions
  /** A session that is made again under the name is another object, and gets another token. */
  readonly #ofSessions = new WeakMap<Session, Issued>()
  /** By SHA-256 of the token. The time of a look-up by the token itself would show how much of a guess is right. */
  readonly #ofChildren = new Map<string, IssuedToChild>()
  /** Why the session of a token ended, by SHA-256 of the token. A client that still sends the token gets this error. */
  readonly #ends = new Map<string, HallpassError>()

  /** Throws `session-locked` when another process has the session for itself. */
  readonly checkUse: CheckUse

  constructor(sessions: Sessions, checkUse: CheckUse = async () => {}) {
    this.#sessions = sessions
    this.checkUse = checkUse
  }

  /**
   * The token of a whole session. Made at first use; it ends when it is rotated, with the session, or with the process. Throws
   * `session-missing`.
   */
  async sessionToken(name: string): Promise<Secret> {
    const session = await this.#sessions.get(name)
    const held = this.#ofSessions.get(session)
    if (held !== undefined) return held.token
    const made = this.#newToken(session)
    this.#ofSessions.set(session, made)
    return made.token
  }

  /** Ends the token of a session, and its connections. `sessionToken` then makes another. Throws `session-missing`. */
  async rotate(name: string): Promise<void> {
    const session = await this.#sessions.get(name)
    const held = this.#ofSessions.get(session)
    this.#ofSessions.delete(session)
    held?.revocation.abort()
  }

  /**
   * A token for one child. It ends when it is revoked, with the session, or with the process.
   * @param use the exclusive use that the child belongs to, if any
   */
  issue(session: Session, scope: Scope, use?: string): { readonly id: string; readonly token: Secret } {
    if (this.#ofChildren.size >= maxIssued)
      throw new HallpassError('failed', `${maxIssued} clients have a token, and no more are issued`, {
        hint: 'hallpass stop',
      })
    const id = randomBytes(8).toString('hex')
    const made = this.#newToken(session, childTokenPrefix)
    const { token } = made
    this.#ofChildren.set(digestOf(token.reveal()), {
      ...made,
      id,
      session,
      scope,
      report: new Report(this.report),
      use,
    })
    return { id, token }
  }

  /**
   * Takes the token back and ends its connections.
   * @returns what came of its requests; undefined without a token of that id
   */
  revoke(id: string): ClientSummary | undefined {
    for (const [digest, issued] of this.#ofChildren) {
      if (issued.id !== id) continue
      this.#ofChildren.delete(digest)
      issued.revocation.abort()
      return issued.report.clientSummary
    }
    return undefined
  }

  /**
   * @param user the session's name
   * @returns undefined when there is no such session, or the token is not one of its tokens
   * @throws HallpassError `session-missing` to a client with a token of a session that has ended, if no other has the name;
   *   `session-locked` while another process has the session for itself
   */
  async authenticate(user: string, password: string): Promise<AuthenticatedClient | undefined> {
    if (!isName('session', user)) return undefined
    const session = await this.#find(user)
    const client = session && this.#clientOf(session, password)
    if (client === undefined) {
      const end = session === undefined ? this.#ends.get(digestOf(password)) : undefined
      if (end !== undefined) throw end
      return undefined
    }
    await this.checkUse(user, client.use)
    return client
  }

  #clientOf(session: Session, password: string): AuthenticatedClient | undefined {
    const own = this.#ofSessions.get(session)
    if (own?.token.equals(password) === true)
      return { session, scope: wholeSession, revoked: own.revoked, report: this.report, use: undefined }
    const child = this.#ofChildren.get(digestOf(password))
    // A session that was made again under the name is another object.
    if (child?.session !== session || !child.token.equals(password)) return undefined
    const { scope, revoked, report, use } = child
    return { session, scope, revoked, report, use }
  }

  /** 32 random bytes. */
  #newToken(session: Session, prefix = ''): Issued {
    const token = new Secret(prefix + randomBytes(32).toString('base64url'))
    const revocation = new AbortController()
    const revoked = AbortSignal.any([session.ended, revocation.signal])
    // Each connection of the client listens. A browser opens more than ten, and Node would warn of a leak.
    setMaxListeners(0, revoked)
    const noteEnd = () => this.#noteEnd(token, session.ended.reason)
    session.ended.addEventListener('abort', noteEnd, { once: true, signal: revocation.signal })
    return { token, revocation, revoked }
  }

  #noteEnd(token: Secret, end: HallpassError): void {
    const [oldest] = this.#ends.keys()
    if (oldest !== undefined && this.#ends.size >= maxIssued) this.#ends.delete(oldest)
    this.#ends.set(digestOf(token.reveal()), end)
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
