import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * The user at the other end of a connection within 127.0.0.1, by Linux's table of sockets (proc(5), /proc/net/tcp). Undefined on
 * other systems.
 */
export function peerUid({ localPort, remotePort }: Socket): number | undefined {
  const [near, far] = [addressOf(localPort), addressOf(remotePort)]
  for (const row of tableOfSockets().split('\n')) {
    const [, local, remote, , , , , uid] = row.trim().split(/\s+/)
    if (local === far && remote === near) return Number(uid)
  }
  return undefined
}

/** The address is a number as the machine holds it, the port as people write it. */
function addressOf(port = 0): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
}

function tableOfSockets(): string {
  try {
    return readFileSync('/proc/net/tcp', 'latin1')
  } catch {
    return ''
  }
}
