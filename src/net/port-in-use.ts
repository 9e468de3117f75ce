import { endOf, socketRows, uidOf } from './socket-tables.ts'

/**
 * Says that an address is in use, and by which user if it is another one: that user receives the requests that shells send there.
 * Only Linux shows the user.
 *
 * @param error the EADDRINUSE of a server, which names the address that a host name led to
 */
export function portInUse(shown: string, error: NodeJS.ErrnoException): string {
  const { address, port } = error as { readonly address?: string; readonly port?: number }
  const uid = listenerUid(address, port)
  const foreign = uid !== undefined && uid !== process.getuid?.()
  return `${shown} is in use by ${foreign ? `another user (uid ${uid})` : 'another program'}`
}

/** The user who listens on an address, or everywhere on its port. */
function listenerUid(address: string | undefined, port: number | undefined): number | undefined {
  const ends = new Set([address, '0.0.0.0', '::'].map((each) => endOf(each, port)))
  const row = socketRows().find((each) => {
    const [, local = '', , state] = each.trim().split(/\s+/, 4)
    return state === listening && ends.has(local)
  })
  return row === undefined ? undefined : uidOf(row)
}

/** TCP_LISTEN of the kernel. */
const listening = '0A'
