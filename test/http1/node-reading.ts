import { createServer, type IncomingMessage, request } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Reading, RequestMessage, ResponseMessage } from './reading.ts'

/** Twice our own bound, so that a large head is refused by ours first. */
const maxHeaderSize = 128 * 1024

interface Seen {
  readonly message: IncomingMessage
  body: string
  complete: boolean
}

function collect(message: IncomingMessage): Seen {
  const seen: Seen = { message, body: '', complete: false }
  message.on('data', (chunk: Buffer) => {
    seen.body += chunk.toString('latin1')
  })
  message.on('end', () => {
    seen.complete = message.complete
  })
  // Cut short: `complete` stays false.
  message.on('error', () => {})
  return seen
}

/** Streams deliver over a few turns of the loop; nothing here waits for a clock or a network. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn()
}

interface Connection {
  seen: Seen[]
  refusal?: Error & { code?: string }
}

/** Node's own server with its default, strict settings, reading bytes that never were on a network. */
export class NodeRequestReader {
  // Node's refusal of a request without Host is no event but an answer, which waits for those before it: seen to below.
  readonly #server = createServer({ maxHeaderSize, requireHostHeader: false })
  readonly #connections = new WeakMap<object, Connection>()

  constructor() {
    for (const event of ['request', 'checkContinue', 'checkExpectation'] as const) {
      this.#server.on(event, (message: IncomingMessage) => {
        this.#connections.get(message.socket)?.seen.push(collect(message))
      })
    }
    this.#server.on('connect', (message: IncomingMessage) => {
      this.#connections.get(message.socket)?.seen.push({ message, body: '', complete: true })
    })
    this.#server.on('clientError', (error, socket) => {
      const connection = this.#connections.get(socket)
      if (connection !== undefined) connection.refusal ??= error
    })
  }

  async read(chunks: readonly Buffer[]): Promise<Reading<RequestMessage>> {
    const [near, far] = duplexPair()
    const connection: Connection = { seen: [] }
    this.#connections.set(far, connection)
    near.resume()
    await exchange(near, far, chunks, () => this.#server.emit('connection', far))
    const { seen, refusal } = connection
    const refusedAt = seen.findIndex(({ message }) => !hasHost(message))
    const counted = refusedAt < 0 ? seen : seen.slice(0, refusedAt)
    const messages = counted.filter(({ complete }) => complete).map(requestMessage)
    if (refusedAt >= 0) return { messages, outcome: 'refused', reason: 'no Host' }
    const reason = refusal?.code ?? ''
    if (reason === 'HPE_INVALID_EOF_STATE' || (refusal === undefined && messages.length < seen.length)) {
      return { messages, outcome: 'incomplete', reason }
    }
    return { messages, outcome: refusal === undefined ? 'clean' : 'refused', reason }
  }
}

async function exchange(
  near: Duplex,
  far: Duplex,
  chunks: readonly Buffer[],
  start: () => void,
): Promise<void> {
  near.on('error', () => {})
  far.on('error', () => {})
  start()
  for (const chunk of chunks) near.write(chunk)
  near.end()
  await settle()
  near.destroy()
  far.destroy()
}

/** The rule of node's server: HTTP/1.1 alone, and never CONNECT. */
function hasHost({ method, httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion !== '1.1' || method === 'CONNECT' || headers.host !== undefined
}

function requestMessage({ message, body }: Seen): RequestMessage {
  return {
    method: message.method ?? '',
    target: message.url ?? '',
    minor: message.httpVersionMinor,
    fields: message.rawHeaders,
    body,
    trailers: message.rawTrailers,
  }
}

/** Node's own client, to which the bytes are the answer to one request; interim responses come first. */
export async function readResponsesByNode(
  method: string,
  chunks: readonly Buffer[],
): Promise<Reading<ResponseMessage>> {
  const [near, far] = duplexPair()
  const interim: ResponseMessage[] = []
  let seen: Seen | undefined
  let refusal: (Error & { code?: string }) | undefined
  far.resume()
  near.on('error', () => {})
  far.on('error', () => {})
  const asked = request({
    method,
    path: method === 'CONNECT' ? 'a.example:443' : '/',
    headers: { host: 'a.example', connection: 'keep-alive', upgrade: 'websocket' },
    maxHeaderSize,
    createConnection: () => near,
  })
  asked.on('error', (error) => {
    refusal ??= error
  })
  asked.on('information', ({ statusCode, statusMessage, httpVersionMinor, rawHeaders }) => {
    interim.push({
      status: statusCode,
      reason: statusMessage,
      minor: httpVersionMinor,
      fields: rawHeaders,
      body: '',
      trailers: [],
    })
  })
  asked.on('response', (message) => {
    seen = collect(message)
  })
  for (const event of ['connect', 'upgrade'] as const) {
    asked.on(event, (message) => {
      seen = { message, body: '', complete: true }
    })
  }
  asked.end()
  await settle()
  for (const chunk of chunks) far.write(chunk)
  far.end()
  await settle()
  near.destroy()
  far.destroy()
  const messages = seen?.complete ? [...interim, responseMessage(seen)] : interim
  const reason = refusal?.code ?? ''
  if (seen?.complete) return { messages, outcome: 'clean', reason }
  const cut = refusal === undefined || reason === 'ECONNRESET' || reason === 'HPE_INVALID_EOF_STATE'
  return { messages, outcome: cut ? 'incomplete' : 'refused', reason }
}

function responseMessage({ message, body }: Seen): ResponseMessage {
  return {
    status: message.statusCode ?? 0,
    reason: message.statusMessage ?? '',
    minor: message.httpVersionMinor,
    fields: message.rawHeaders,
    body,
    trailers: message.rawTrailers,
  }
}
