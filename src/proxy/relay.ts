import type { Socket } from 'node:net'
import type { Engine } from './engine.ts'
import type { Swept } from './sweep.ts'

/** A socket, and the TCP socket below it when the proxy itself put TLS on top; otherwise the same socket twice. */
export interface Peer {
  readonly socket: Socket
  readonly raw: Socket
}

/**
 * Passes bytes both ways between two peers, until both have ended. Each half closes by itself, and a slow reader slows its
 * writer. A reset on one side becomes a reset on the other, so that a cut stream never looks finished. The sockets must
 * have been made with allowHalfOpen.
 */
export function relay(
  client: Peer,
  origin: Peer,
  { sweep, limits, counts: { passing } }: Pick<Engine, 'sweep' | 'limits' | 'counts'>,
): void {
  const idleMs = limits.streamIdleMs
  const watch: Swept = {
    deadline: performance.now() + idleMs,
    expire: () => {
      cut(client)
      cut(origin)
    },
  }
  sweep.watch(watch)
  passing.open += 1
  let open = 2
  const oneWay = (from: Peer, to: Peer, direction: 'toOrigin' | 'toClient') => {
    from.socket.on('data', (chunk: Buffer) => {
      watch.deadline = sweep.now + idleMs
      passing[direction] += chunk.length
      if (!to.socket.write(chunk)) from.socket.pause()
    })
    to.socket.on('drain', () => from.socket.resume())
    from.socket.on('end', () => to.socket.end())
    from.socket.on('error', ignore)
    from.socket.on('close', () => {
      open -= 1
      if (!from.socket.readableEnded || !from.socket.writableFinished) cut(to)
      if (open > 0) return
      sweep.forget(watch)
      passing.open -= 1
    })
    from.socket.resume()
  }
  oneWay(client, origin, 'toOrigin')
  oneWay(origin, client, 'toClient')
}

/** Closes with a reset if possible: a peer could take a plain end for the end of a body. */
export function cut(peer: Peer): void {
  if (peer.socket.destroyed) return
  // Only TCP has resets, and Node hides the TCP socket of a TLS socket that dialled by itself.
  if ('encrypted' in peer.raw) peer.socket.destroy()
  else peer.raw.resetAndDestroy()
}

/** Aborts when the client has left. */
export function signalOfClose(client: Socket): AbortSignal {
  const left = new AbortController()
  client.once('close', () => left.abort())
  return left.signal
}

export function ignore(): void {}
