import type { Socket } from 'node:net'
import { endOf, socketRows, uidOf } from './socket-tables.ts'

/**
 * The user at the other end of a connection within this machine, by Linux's tables of sockets. Undefined on other systems, and
 * for a peer on another machine.
 */
export function peerUid(socket: Socket): number | undefined {
  return peerUids([socket]).get(socket)
}

/** The same for many sockets, with one read of the tables. */
export function peerUids(sockets: Iterable<Socket>): ReadonlyMap<Socket, number> {
  const wanted = new Map<string, Socket>()
  for (const socket of sockets) {
    const { localAddress, localPort, remoteAddress, remotePort } = socket
    wanted.set(`${endOf(remoteAddress, remotePort)} ${endOf(localAddress, localPort)}`, socket)
  }
  const uids = new Map<Socket, number>()
  for (const row of socketRows()) {
    // A table of a flood has thousands of rows, so only those that match are split.
    const start = row.indexOf(': ') + 2
    const socket = wanted.get(row.slice(start, row.indexOf(' ', row.indexOf(' ', start) + 1)))
    if (socket !== undefined) uids.set(socket, uidOf(row))
  }
  return uids
}
