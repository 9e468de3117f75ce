import { addAbortListener } from 'node:events'
import type { Socket } from 'node:net'
import type { Scope } from '../plan/scope.ts'
import type { Session } from '../sessions/session.ts'
import { Connection } from './connection.ts'
import type { Engine } from './engine.ts'
import type { Failure } from './failure.ts'
import { closeEngine, type EngineOptions, openEngine } from './open-engine.ts'
import type { Origin } from './origin.ts'
import { pipe } from './pipe.ts'

/** How the caller learns that a request failed: by the error itself, or by the answer that the proxy gives its clients. */
export type FailuresAs = 'errors' | 'answers'

/**
 * The proxy for requests of this process. Nothing listens: each connection is a pipe in memory, and its requests are served like
 * those inside a CONNECT. No TLS is needed on the way to the proxy, and the origin's is verified as always.
 */
export class InProcess {
  readonly #engine: Engine
  #closed = false

  /** @param ownPort the port of the proxy of this state folder: HTTPS_PROXY can name it */
  constructor(options: EngineOptions, ownPort: number) {
    this.#engine = openEngine(
      options,
      () => [ownPort],
      () => this.#closed,
    )
  }

  /** A connection over which requests go to this origin, and no other, with this session. They are written in clear text. */
  connect(origin: Origin, session: Session, scope: Scope, failures: FailuresAs): Socket {
    const [near, far] = pipe()
    // As the sockets of node:http. Otherwise an agent would keep a connection that the proxy has ended.
    near.allowHalfOpen = false
    const { report } = this.#engine.options.clients
    const client = { session, scope, revoked: session.ended, report, use: undefined }
    const Kind = failures === 'errors' ? FailingConnection : Connection
    new Kind(this.#engine, far, far, { client, origin, servername: undefined })
    const ends = addAbortListener(session.ended, () => far.destroy(session.ended.reason))
    far.once('close', () => ends[Symbol.dispose]())
    return near
  }

  /** Ends every connection, and fails the requests on them. */
  close(): void {
    this.#closed = true
    for (const connection of this.#engine.connections) connection.drain()
    closeEngine(this.#engine)
  }
}

class FailingConnection extends Connection {
  override answer({ error }: Failure): void {
    this.socket.destroy(error)
  }
}
