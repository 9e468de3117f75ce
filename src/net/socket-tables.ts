import { readFileSync } from 'node:fs'
import { ipBytes } from './ip-bytes.ts'

/** The rows of Linux's tables of TCP sockets (proc(5), /proc/net/tcp); none on other systems. */
export function socketRows(): readonly string[] {
  return [...rowsOf('/proc/net/tcp'), ...rowsOf('/proc/net/tcp6')]
}

/** The end of a socket as the tables write it: the address in words as a little-endian machine holds them, and the port. */
export function endOf(address = '', port = 0): string {
  // A socket that listens on both families sees an IPv4 peer so; the peer's own socket is IPv4.
  const bytes = ipBytes(address.replace(/^::ffff:(?=.*\.)/, '')) ?? Buffer.alloc(0)
  const words = Buffer.from(bytes).swap32()
  return `${words.toString('hex')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}

/** The user whose socket it is. */
export function uidOf(row: string): number {
  return Number(row.trim().split(/\s+/, 8)[7])
}

function rowsOf(table: string): readonly string[] {
  try {
    return readFileSync(table, 'latin1').split('\n')
  } catch {
    return []
  }
}
