import type { Socket } from 'node:net'

/** A request, an answer or an event. */
export type Packet = Readonly<Record<string, unknown>>

/*
 * The framing of Firefox's remote debugging protocol: the length of the JSON in bytes, a colon, the JSON.
 * https://firefox-source-docs.mozilla.org/devtools/backend/protocol.html
 */

export function sendPacket(socket: Socket, packet: Packet): void {
  const json = Buffer.from(JSON.stringify(packet))
  socket.write(Buffer.concat([Buffer.from(`${json.length}:`), json]))
}

/** Throws when the connection breaks. */
export async function* packetsOf(socket: Socket): AsyncGenerator<Packet, void> {
  let parts: Buffer[] = []
  let held = 0
  let needed = 0
  for await (const chunk of socket) {
    parts.push(chunk)
    held += chunk.length
    // What a page stores comes in thousands of chunks: join them once.
    if (held < needed) continue
    let bytes = Buffer.concat(parts)
    for (needed = endOf(bytes); needed > 0 && needed <= bytes.length; needed = endOf(bytes)) {
      yield JSON.parse(bytes.toString('utf8', bytes.indexOf(':') + 1, needed))
      bytes = bytes.subarray(needed)
    }
    parts = [bytes]
    held = bytes.length
  }
}

/** Where the first packet ends; 0 while its length is incomplete. */
function endOf(bytes: Buffer): number {
  const colon = bytes.indexOf(':')
  return colon === -1 ? 0 : colon + 1 + Number(bytes.toString('latin1', 0, colon))
}
