import type { HallpassError } from '../errors.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { connectEndpoint } from './agreement.ts'
import { established } from './answers.ts'
import { connectLog } from './connect-log.ts'
import type { Client } from './engine.ts'
import { type Failure, failureOf } from './failure.ts'
import { type InterceptedSide, intercept } from './intercept.ts'
import { internalHost } from './internal.ts'
import { openStream } from './open-stream.ts'
import { endpointOf } from './origin.ts'
import { policyError } from './policy-error.ts'
import { ignore, relay } from './relay.ts'

/** The client's connection, as far as a CONNECT needs it. */
export interface ConnectClientSide extends InterceptedSide {
  /** Whether the client still waits for the answer. */
  readonly busy: boolean
  answer(failure: Failure, options: { readonly method: string; readonly keep: boolean }): void
}

/** What becomes of a CONNECT of an admitted client: refused, intercepted because the session knows the host, or a blind tunnel. */
export function connectTunnel(connection: ConnectClientSide, head: RequestHead, client: Client): void {
  const log = connectLog(connection.engine, client)
  const refuse = (endpoint: string, error: unknown) => {
    const failure = failureOf(error)
    log(endpoint, failure.status, failure.note)
    connection.answer(failure, { method: 'CONNECT', keep: true })
  }
  decide(connection, head, client)
    .then(({ host, port, known }) => {
      if (!connection.busy) return
      if (known) intercept(connection, { client, host, port })
      else {
        dialBlind(connection, host, port, (error) => {
          if (error === undefined) log(endpointOf(host, port), 200, 'tunnel')
          else refuse(endpointOf(host, port), error)
        })
      }
    })
    .catch((error: unknown) => {
      if (connection.busy) refuse(head.target, error)
    })
}

async function decide(connection: ConnectClientSide, head: RequestHead, client: Client) {
  const { host, port } = connectEndpoint(head)
  if (host === internalHost) return { host, port, known: true }
  // Refuses at once what can be refused without a look-up; what it leads to is checked when it is dialled.
  connection.engine.dialer.to(host, port)
  const { policy, known } = await client.session.planConnect(host, port, client.scope)
  if (!policy.allowed) throw policyError('CONNECT', { scheme: 'https', host, port }, policy)
  return { host, port, known }
}

/** Connects first and answers then: the client learns why not. */
function dialBlind(
  connection: ConnectClientSide,
  host: string,
  port: number,
  done: (error?: HallpassError) => void,
): void {
  const { engine, socket: client } = connection
  const stop = openStream(engine, host, port, (error, origin) => {
    client.off('close', stop)
    done(error)
    if (origin === undefined) return
    engine.stats.tunnels += 1
    const { raw } = connection
    const socket = connection.give()
    socket.write(established)
    relay({ socket, raw }, { socket: origin, raw: origin }, engine.sweep, engine.limits.streamIdleMs, ignore)
  })
  client.once('close', stop)
}
