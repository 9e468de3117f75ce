import type { Socket } from 'node:net'
import type { Sweep, Swept } from './sweep.ts'

/** A socket, and the TCP socket under its TLS if there is one of our own making. */
export interface Peer {
  readonly socket: Socket
  readonly raw: Socket
}

/**
 * Bytes both ways between two peers, until both have ended: each half closes by itself, each slow reader slows its writer,
 * and a reset on one side is a reset on the other, so that a cut stream never looks like a finished one.
 * All sockets must have been made with allowHalfOpen.
 */
export function relay(client: Peer, origin: Peer, sweep: Sweep, idleMs: number): void {
  const watch: Swept = {
    deadline: performance.now() + idleMs,
    expire: () => {
      cut(client)
      cut(origin)
    },
  }
  sweep.watch(watch)
  let open = 2
  const oneWay = (from: Peer, to: Peer) => {
    from.socket.on('data', (chunk: Buffer) => {
      watch.deadline = sweep.now + idleMs
      if (!to.socket.write(chunk)) from.socket.pause()
    })
    to.socket.on('drain', () => from.socket.resume())
    from.socket.on('end', () => to.socket.end())
    from.socket.on('error', ignore)
    from.socket.on('close', () => {
      open -= 1
      if (!from.socket.readableEnded || !from.socket.writableFinished) cut(to)
      if (open === 0) sweep.forget(watch)
    })
    from.socket.resume()
  }
  oneWay(client, origin)
  oneWay(origin, client)
}

/** Closes by a reset where that can be had: for whoever takes an end for the end of a body. */
export function cut(peer: Peer): void {
  if (peer.socket.destroyed) return
  // Only TCP knows a reset; a TLS socket that dialled for itself cannot be asked for one.
  if ('encrypted' in peer.raw) peer.socket.destroy()
  else peer.raw.resetAndDestroy()
}

/** Aborts when the client has left: nobody waits for a connection any more. */
export function signalOfClose(client: Socket): AbortSignal {
  const left = new AbortController()
  client.once('close', () => left.abort())
  return left.signal
}

export function ignore(): void {}
