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
import { endpointOf, originAt } from './origin.ts'
import { policyError } from './policy-error.ts'
import { relay, signalOfClose } from './relay.ts'

/** The client's connection, as far as a CONNECT needs it. */
export interface ConnectClientSide extends InterceptedSide {
  /** Whether the client still waits for the answer. */
  readonly busy: boolean
  answer(
    failure: Failure,
    options: { readonly method: string; readonly session: string; readonly keep: boolean },
  ): void
}

/**
 * Looks into a CONNECT of an admitted client because the session knows the host, tunnels it blindly, or refuses it. Clients do
 * not show the answer to a refused CONNECT, so for a known host hallpass refuses the requests inside the tunnel instead.
 */
export async function connectTunnel(
  connection: ConnectClientSide,
  head: RequestHead,
  client: Client,
): Promise<void> {
  const { engine } = connection
  const log = connectLog(engine, client)
  let endpoint = head.target
  try {
    const { known, allowed, ...target } = await decide(head, client)
    if (!connection.busy) return
    if (known) {
      intercept(connection, { client, allowed, ...target })
      return
    }
    endpoint = endpointOf(target.host, target.port)
    // Connects before it answers, so that the client reads why it cannot connect.
    const origin = await openStream(engine, target, signalOfClose(connection.socket))
    if (!connection.busy) {
      origin.destroy()
      return
    }
    client.report.tunnel()
    log(endpoint, 200, 'tunnel')
    tunnel(connection, origin)
  } catch (error) {
    if (!connection.busy) return
    const failure = failureOf(error)
    client.report.answered(client.session.name, failure.error)
    log(endpoint, failure.status, failure.note)
    connection.answer(failure, { method: 'CONNECT', session: client.session.name, keep: true })
  }
}

async function decide(head: RequestHead, client: Client) {
  const endpoint = connectEndpoint(head)
  const { host, port } = endpoint
  if (host === internalHost) return { ...endpoint, known: true, allowed: true }
  const { policy, known } = await client.session.planConnect(host, port, client.scope)
  if (!policy.allowed && !known) throw policyError('CONNECT', originAt('https', endpoint), policy)
  return { ...endpoint, known, allowed: policy.allowed }
}

function tunnel(connection: ConnectClientSide, origin: Socket): void {
  const { engine, raw } = connection
  engine.counts.tunnels += 1
  const socket = connection.give()
  socket.write(established)
  relay({ socket, raw }, { socket: origin, raw: origin }, engine)
}
