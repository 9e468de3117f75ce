import { createHash, randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { HallpassError } from '../errors.ts'
import type { Scope } from '../plan/scope.ts'
import { Secret } from '../secret.ts'
import { isName } from '../store/names.ts'
import { childTokenPrefix } from './child-token.ts'
import { Report, type ReportSummary } from './report.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

export interface AuthenticatedClient {
  readonly session: Session
  readonly scope: Scope
  /** Aborted when the token is revoked, and when the session ends: its connections end then. */
  readonly revoked: AbortSignal
  /** What came of its requests. `revoke` returns that of a child. */
  readonly report: Report
}

interface Issued {
  readonly id: string
  readonly session: Session
  readonly token: Secret
  readonly scope: Scope
  readonly revocation: AbortController
  readonly revoked: AbortSignal
  readonly report: Report
}

/** Each `run` takes a token and gives it back. A killed `run` leaves its token behind until the proxy stops. */
const maxIssued = 10_000

const wholeSession: Scope = Object.freeze({})

/** Decides which client may use which session: by the session's own token, or by a token in memory with a scope of its own. */
export class Clients {
  /** What came of the requests of all clients. */
  readonly report = new Report()
  readonly #sessions: Sessions
  /** By SHA-256 of the token. The time of a look-up by the token itself would show how much of a guess is right. */
  readonly #byDigest = new Map<string, Issued>()

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  /** A token for one child. It ends when it is revoked, with the session, or with the process. */
  issue(session: Session, scope: Scope): { readonly id: string; readonly token: Secret } {
    if (this.#byDigest.size >= maxIssued)
      throw new HallpassError('failed', `${maxIssued} clients have a token, and no more are issued`, {
        hint: 'hallpass stop',
      })
    const id = randomBytes(8).toString('hex')
    const token = new Secret(childTokenPrefix + randomBytes(32).toString('base64url'))
    const revocation = new AbortController()
    const revoked = AbortSignal.any([session.ended, revocation.signal])
    // Each connection of the client listens. A browser opens more than ten, and Node would warn of a leak.
    setMaxListeners(0, revoked)
    this.#byDigest.set(digestOf(token.reveal()), {
      id,
      session,
      token,
      scope,
      revocation,
      revoked,
      report: new Report(this.report),
    })
    return { id, token }
  }

  /**
   * Takes the token back and ends its connections.
   * @returns what came of its requests; undefined without a token of that id
   */
  revoke(id: string): ReportSummary | undefined {
    for (const [digest, issued] of this.#byDigest) {
      if (issued.id !== id) continue
      this.#byDigest.delete(digest)
      issued.revocation.abort()
      return issued.report.summary
    }
    return undefined
  }

  /**
   * @param user the session's name
   * @returns undefined when there is no such session, or the token is not one of its tokens
   */
  async authenticate(user: string, password: string): Promise<AuthenticatedClient | undefined> {
    if (!isName('session', user)) return undefined
    const session = await this.#find(user)
    if (session === undefined) return undefined
    const found = this.#byDigest.get(digestOf(password))
    // A session that was made again under the name is another object.
    const issued = found?.session === session && found.token.equals(password) ? found : undefined
    if (issued === undefined) {
      const token = await session.readClientToken()
      if (token?.equals(password) !== true) return undefined
    }
    // Nobody waits for it, and a full disk keeps nobody out.
    this.#sessions.touch(session).catch(() => 'the time of last use is not worth an error')
    return issued === undefined
      ? { session, scope: wholeSession, revoked: session.ended, report: this.report }
      : {
          session,
          scope: issued.scope,
          revoked: issued.revoked,
          report: issued.report,
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
