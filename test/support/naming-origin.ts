import type { Socket } from 'node:net'
import { readRequests } from '../http1/own-reading.ts'
import type { RequestMessage } from '../http1/reading.ts'
import { type OriginOptions, rawOrigin, type TestOrigin } from './origin.ts'

/** One connection as an origin saw it: every byte, and the requests that they were. */
export interface Recorded {
  readonly socket: Socket
  readonly bytes: Buffer[]
  readonly requests: RequestMessage[]
  /** Bytes behind a request that was said to be the last one. */
  late: string
}

export interface NamingOrigin extends AsyncDisposable {
  readonly origin: TestOrigin
  readonly connections: readonly Recorded[]
  /** Requests of all connections, in the order in which they came. */
  readonly requests: readonly RequestMessage[]
}

/** The name of a request. The answer repeats it, so that a test recognises an answer to another request. */
export function nameOf({ method, target, body }: RequestMessage): string {
  return `${method} ${target} ${JSON.stringify(body)}`
}

function answer(request: RequestMessage): string {
  const name = nameOf(request)
  const head = `HTTP/1.1 200 OK\r\nX-Name: ${encodeURIComponent(name)}\r\nContent-Length: ${name.length}\r\n\r\n`
  return request.method === 'HEAD' ? head : head + name
}

/** An origin that records every byte, and answers each request with its name, or with what `script` says. */
export async function namingOrigin(
  options: OriginOptions,
  script: (request: RequestMessage, socket: Socket) => boolean = () => false,
): Promise<NamingOrigin> {
  const connections: Recorded[] = []
  const requests: RequestMessage[] = []
  const origin = await rawOrigin((socket) => {
    const recorded: Recorded = { socket, bytes: [], requests: [], late: '' }
    connections.push(recorded)
    let last = false
    socket.on('data', (chunk: Buffer) => {
      // The other side is to close; an origin may as well wait for that.
      if (last) {
        recorded.late += chunk.toString('latin1')
        socket.destroy()
        return
      }
      recorded.bytes.push(chunk)
      // Read anew from the beginning: slow and plain.
      const { messages, reason } = readRequests(recorded.bytes, { declinesUpgrade: true })
      last = reason === 'end'
      for (const request of messages.slice(recorded.requests.length)) {
        recorded.requests.push(request)
        requests.push(request)
        if (!script(request, socket)) socket.write(answer(request), 'latin1')
      }
    })
    socket.on('end', () => socket.end())
  }, options)
  return {
    origin,
    connections,
    requests,
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  }
}
