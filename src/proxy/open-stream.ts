import { connect, type Socket } from 'node:net'
import { established } from '../net/established.ts'
import { proxyFor, unusedProxy } from './connect-origin.ts'
import { dialInTime } from './dial-in-time.ts'
import type { Engine } from './engine.ts'
import { type Endpoint, endpointOf, lookupName } from './origin.ts'
import { throughProxy } from './through-proxy.ts'
import { upstreamError, withUnusedProxy } from './upstream-error.ts'

/** A stream of bytes to an endpoint, directly or through the upstream proxy. Rejects with the HallpassError to answer with. */
export async function openStream(engine: Engine, endpoint: Endpoint, signal: AbortSignal): Promise<Socket> {
  const { host, port } = endpoint
  const dial = engine.dialer.to(endpoint)
  const proxy = proxyFor(engine, 'https', host, port)
  return await dialInTime(engine, endpointOf(host, port), signal, async (inTime) => {
    if (proxy !== undefined)
      return await throughProxy(proxy, lookupName(endpoint), port, engine.trust.context, inTime)
    const socket = connect(dial)
    try {
      await established(socket, inTime)
    } catch (error) {
      throw upstreamError(host, port, error)
    }
    return socket
  }).catch((error: unknown) => {
    throw withUnusedProxy(error, unusedProxy(engine, 'https', host, port))
  })
}
