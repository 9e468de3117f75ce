import { connect, type Socket } from 'node:net'
import type { HallpassError } from '../errors.ts'
import { proxyFor } from './connect-origin.ts'
import type { Engine } from './engine.ts'
import { endpointOf } from './origin.ts'
import { ignore } from './relay.ts'
import type { Swept } from './sweep.ts'
import { throughProxy } from './through-proxy.ts'
import { timeoutError, upstreamError } from './upstream-error.ts'

export type Opened = (error: HallpassError | undefined, socket: Socket | undefined) => void

/**
 * A stream of bytes to host and port, directly or through the upstream proxy. Calls back once and never before it returns;
 * the result gives up what is under way. Throws `target-refused` for what can be refused without a look-up.
 */
export function openStream(engine: Engine, host: string, port: number, opened: Opened): () => void {
  const dial = engine.dialer.to(host, port)
  const proxy = proxyFor(engine, 'https', host, port)
  const done: Opened = (error, socket) => {
    engine.sweep.forget(attempt)
    opened(error, socket)
  }
  const stop =
    proxy === undefined
      ? dialDirect(dial, host, port, done)
      : throughProxy(proxy, host, port, engine.trust.context, done)
  const giveUp = () => {
    engine.sweep.forget(attempt)
    stop()
  }
  const attempt: Swept = {
    deadline: performance.now() + engine.limits.connectMs,
    expire: () => {
      giveUp()
      opened(timeoutError(endpointOf(host, port), 'no connection in time'), undefined)
    },
  }
  engine.sweep.watch(attempt)
  return giveUp
}

function dialDirect(
  dial: ReturnType<Engine['dialer']['to']>,
  host: string,
  port: number,
  opened: Opened,
): () => void {
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
