import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { ipBytes } from './ip-bytes.ts'

/**
 * The user at the other end of a connection within this machine, by Linux's tables of sockets (proc(5), /proc/net/tcp).
 * Undefined on other systems, and for a peer on another machine.
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
  for (const row of [...rowsOf('/proc/net/tcp'), ...rowsOf('/proc/net/tcp6')]) {
    // A table of a flood has thousands of rows, so only those that match are split.
    const start = row.indexOf(': ') + 2
    const socket = wanted.get(row.slice(start, row.indexOf(' ', row.indexOf(' ', start) + 1)))
    if (socket !== undefined) uids.set(socket, Number(row.trim().split(/\s+/, 8)[7]))
  }
  return uids
}

/** The address in words as a little-endian machine holds them, the port as people write it. */
function endOf(address = '', port = 0): string {
  // A socket that listens on both families sees an IPv4 peer so; the peer's own socket is IPv4.
  const bytes = ipBytes(address.replace(/^::ffff:(?=.*\.)/, '')) ?? Buffer.alloc(0)
  const words = Buffer.from(bytes).swap32()
  return `${words.toString('hex')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}

function rowsOf(table: string): readonly string[] {
  try {
    return readFileSync(table, 'latin1').split('\n')
  } catch {
    return []
  }
}
