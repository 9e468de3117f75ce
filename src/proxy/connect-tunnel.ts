import type { Socket } from 'node:net'
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
import { relay, signalOfClose } from './relay.ts'

/** The client's connection, as far as a CONNECT needs it. */
export interface ConnectClientSide extends InterceptedSide {
  /** Whether the client still waits for the answer. */
  readonly busy: boolean
  answer(failure: Failure, options: { readonly method: string; readonly keep: boolean }): void
}

/** Refuses a CONNECT of an admitted client, looks into it because the session knows the host, or tunnels it blindly. */
export async function connectTunnel(
  connection: ConnectClientSide,
  head: RequestHead,
  client: Client,
): Promise<void> {
  const { engine } = connection
  const log = connectLog(engine, client)
  let endpoint = head.target
  try {
    const { host, port, known } = await decide(connection, head, client)
    if (!connection.busy) return
    if (known) {
      intercept(connection, { client, host, port })
      return
    }
    endpoint = endpointOf(host, port)
    // Connects before it answers, so that the client reads why it cannot connect.
    const origin = await openStream(engine, host, port, signalOfClose(connection.socket))
    if (!connection.busy) {
      origin.destroy()
      return
    }
    log(endpoint, 200, 'tunnel')
    tunnel(connection, origin)
  } catch (error) {
    if (!connection.busy) return
    const failure = failureOf(error)
    log(endpoint, failure.status, failure.note)
    connection.answer(failure, { method: 'CONNECT', keep: true })
  }
}

async function decide(connection: ConnectClientSide, head: RequestHead, client: Client) {
  const { host, port } = connectEndpoint(head)
  if (host === internalHost) return { host, port, known: true }
  // Refuses a name that needs no look-up; the addresses of the others are checked when they are dialled.
  connection.engine.dialer.to(host, port)
  const { policy, known } = await client.session.planConnect(host, port, client.scope)
  if (!policy.allowed) throw policyError('CONNECT', { scheme: 'https', host, port }, policy)
  return { host, port, known }
}

function tunnel(connection: ConnectClientSide, origin: Socket): void {
  const { engine, raw } = connection
  engine.stats.tunnels += 1
  const socket = connection.give()
  socket.write(established)
  relay({ socket, raw }, { socket: origin, raw: origin }, engine.sweep, engine.limits.streamIdleMs)
}
