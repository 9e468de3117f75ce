import { request } from 'node:http'
import { dirname } from 'node:path'
import { type ErrorCode, errorTable, HallpassError } from '../errors.ts'
import type { NeededLogin } from '../sessions/needed-logins.ts'
import type { Outcome } from '../sessions/outcome.ts'
import type { ShownExplanation } from '../sessions/shown-explanation.ts'
import type { SiteLogin } from '../sessions/site-logins.ts'
import type { Home } from '../store/home.ts'
import { checkFolder } from '../store/own-files.ts'
import type { Problem } from './problem.ts'
import type { Access, ClientRequest, ExplainRequest, IssuedClient, Status } from './wire.ts'

/** A proxy on the same machine answers at once. After this time it is stuck. */
const answerWithinMs = 10_000

/** Calls the running proxy of a state folder. Every call throws `not-running` if there is none. */
export class AdminClient {
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
  }

  status(): Promise<Status> {
    return this.#call('GET', '/status')
  }

  /** The status, or undefined if no proxy runs. */
  running(): Promise<Status | undefined> {
    return this.status().catch(unlessNotRunning)
  }

  /** The credentials of all sessions that only a login can mend. */
  neededLogins(): Promise<readonly NeededLogin[]> {
    return this.#call('GET', '/needed-logins')
  }

  /** The logins at sites, of all sessions, that have ended or seem to. */
  siteLogins(): Promise<readonly SiteLogin[]> {
    return this.#call('GET', '/site-logins')
  }

  /** Whether a proxy answers. */
  async answers(): Promise<boolean> {
    return (await this.#call('GET', '/healthz').catch(unlessNotRunning)) !== undefined
  }

  async stop(): Promise<void> {
    await this.#call('POST', '/stop')
  }

  /** The client token of the session, which stays the same until the proxy stops, or the token is rotated. */
  access(session: string): Promise<Access> {
    return this.#call('GET', `/sessions/${encodeURIComponent(session)}/access?reveal=true`)
  }

  /** Ends the client token of the session, and its connections. */
  async rotateToken(session: string): Promise<void> {
    await this.#call('POST', `/sessions/${encodeURIComponent(session)}/rotate-token`)
  }

  /** Makes a token for one child. */
  issue(client: ClientRequest): Promise<IssuedClient> {
    return this.#call('POST', '/clients', client)
  }

  revoke(id: string): Promise<Outcome> {
    return this.#call('DELETE', `/clients/${encodeURIComponent(id)}`)
  }

  explain(request: ExplainRequest): Promise<ShownExplanation> {
    return this.#call('POST', '/explain', request)
  }

  /** Makes the proxy write the combined bundle with the certificates that these variables of the caller point at. */
  async writeBundle(variables: Readonly<Record<string, string>>): Promise<void> {
    await this.#call('POST', '/bundle', { variables })
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    // Attack: another user makes the folder and a socket in it, and would get these requests.
    if (!checkFolder(dirname(this.#home.adminSocket))) throw notRunning(this.#home)
    const { status, text } = await send(this.#home, method, path, body)
    // The answer is from our own proxy and is not checked: loading a schema would slow down every `env`.
    const answer: unknown = text === '' ? undefined : JSON.parse(text)
    if (status < 400) return answer as T
    throw failure(status, answer)
  }
}

function send(
  home: Home,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const headers = payload === undefined ? {} : { 'content-type': 'application/json' }
  const call = request(
    {
      socketPath: home.adminSocket,
      method,
      path,
      headers,
      host: 'hallpass',
      agent: false,
      timeout: answerWithinMs,
    },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 500, text: Buffer.concat(chunks).toString('utf8') })
      })
    },
  )
  call.on('timeout', () => {
    call.destroy(
      new HallpassError('failed', `the proxy does not answer on ${home.adminSocket}`, {
        hint: 'hallpass doctor',
      }),
    )
  })
  call.on('error', (error: NodeJS.ErrnoException) => {
    reject(nobodyListens.has(error.code ?? '') ? notRunning(home) : error)
  })
  call.end(payload)
  return promise
}

/**
 * A socket file without a listener is what a killed proxy leaves behind. EINVAL: the path is too long for a socket, and no short folder
 * is recorded for it.
 */
const nobodyListens: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EINVAL'])

function unlessNotRunning(error: unknown): undefined {
  if (!(error instanceof HallpassError) || error.code !== 'not-running') throw error
}

function notRunning(home: Home): HallpassError {
  return new HallpassError('not-running', `no proxy is running for ${home.root}`, {
    hint: 'hallpass start --background',
  })
}

function failure(status: number, answer: unknown): HallpassError {
  if (!isProblem(answer)) return new HallpassError('failed', `the running proxy answered ${status}`)
  const { code, detail, hint } = answer
  const known: ErrorCode = Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'failed'
  return new HallpassError(known, detail, hint === null ? {} : { hint })
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value
}
