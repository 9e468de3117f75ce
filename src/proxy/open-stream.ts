import { connect, type Socket } from 'node:net'
import type { HallpassError } from '../errors.ts'
import type { Engine } from './options.ts'
import { ignore } from './relay.ts'
import { throughProxy } from './through-proxy.ts'
import { upstreamError } from './upstream-error.ts'

/**
 * A stream of bytes to host and port, directly or through the upstream proxy. Calls back once, and never before it returns;
 * the result gives up what is under way. Throws `target-refused` for what can be refused without a look-up.
 */
export function openStream(
  { dialer, proxies, context }: Pick<Engine, 'dialer' | 'proxies' | 'context'>,
  host: string,
  port: number,
  opened: (error: HallpassError | undefined, socket: Socket | undefined) => void,
): () => void {
  const dial = dialer.to(host, port)
  const proxy = proxies.for('https', host, port)
  if (proxy !== undefined) return throughProxy(proxy, host, port, context, opened)
  const socket = connect(dial)
  const stop = () => {
    socket.off('error', fail)
    socket.on('error', ignore).destroy()
  }
  const fail = (error: Error) => {
    stop()
    opened(upstreamError(host, port, error), undefined)
  }
  socket.once('error', fail)
  socket.once('connect', () => {
    socket.off('error', fail)
    opened(undefined, socket)
  })
  return stop
}
