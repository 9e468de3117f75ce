import { BodyReader } from '../../src/http1/body-reader.ts'
import { connectionTokens, isPersistent } from '../../src/http1/connection-fields.ts'
import type { FieldLine } from '../../src/http1/field-line.ts'
import { frameResponse } from '../../src/http1/frame-response.ts'
import { type Framing, requestFraming } from '../../src/http1/framing.ts'
import { HeadReader } from '../../src/http1/head-reader.ts'
import { Http1Error } from '../../src/http1/http1-error.ts'
import { encodeRequestHead, type RequestHead } from '../../src/http1/request-head.ts'
import { encodeResponseHead, type ResponseHead } from '../../src/http1/response-head.ts'
import type { Reading, RequestMessage, ResponseMessage } from './reading.ts'

export interface OwnReading<M> extends Reading<M> {
  /** The bytes of each whole message for the next hop, head and body, one after another. */
  readonly relayed: readonly Buffer[]
  /** The last message asks for an upgrade, or is one: the bytes behind it are not HTTP. */
  readonly upgraded: boolean
  /** What was repaired in them, or in the one that is not whole. */
  readonly repairs: readonly string[]
}

interface Body {
  readonly framing: Framing
  readonly reader: BodyReader
  readonly out: Buffer[]
  trailers: readonly string[]
}

function begin(framing: Framing, mend: boolean): Body {
  const body: Body = {
    framing,
    out: [],
    trailers: [],
    reader: new BodyReader(framing, {
      mend,
      filterTrailers: (fields) => {
        body.trailers = rawHeaders(fields)
        return fields
      },
    }),
  }
  return body
}

function rawHeaders(fields: readonly FieldLine[]): string[] {
  return fields.flatMap(({ name, value }) => [name, value])
}

/** The content of a body that was relayed: chunk framing taken off by the plainest means, for it is known to be right. */
function content(body: Body): string {
  let wire = Buffer.concat(body.out).toString('latin1')
  if (body.framing.kind !== 'chunked') return wire
  let text = ''
  for (;;) {
    const end = wire.indexOf('\r\n')
    const size = Number.parseInt(wire, 16)
    if (size === 0) return text
    text += wire.slice(end + 2, end + 2 + size)
    wire = wire.slice(end + 2 + size + 2)
  }
}

interface Step<H, M> {
  readonly framed: (head: H) => { readonly head: H; readonly framing: Framing }
  readonly repairs: (head: H) => readonly string[]
  readonly mend: boolean
  readonly message: (head: H, content: string, trailers: readonly string[]) => M
  readonly encode: (head: H) => Buffer
  /** Whether another message follows on the connection, nothing, or no HTTP at all. */
  readonly after: (head: H) => 'next' | 'end' | 'upgrade'
}

function read<H extends RequestHead | ResponseHead, M>(
  heads: HeadReader<H>,
  chunks: readonly Buffer[],
  step: Step<H, M>,
): OwnReading<M> {
  const messages: M[] = []
  const relayed: Buffer[] = []
  const repairs: string[] = []
  let head: H | undefined
  let body: Body | undefined
  const finish = (): 'next' | 'end' | 'upgrade' => {
    if (head === undefined || body === undefined) return 'next'
    messages.push(step.message(head, content(body), body.trailers))
    relayed.push(step.encode(head), ...body.out)
    const after = step.after(head)
    head = undefined
    body = undefined
    return after
  }
  try {
    for (const chunk of chunks) {
      let rest = chunk
      for (;;) {
        if (head === undefined || body === undefined) {
          const read = heads.push(rest)
          if (read === undefined) break
          const framed = step.framed(read.head)
          head = framed.head
          repairs.push(...step.repairs(head))
          rest = read.rest
          body = begin(framed.framing, step.mend)
        } else {
          const part = body.reader.push(rest)
          body.out.push(...part.out)
          if (part.done) repairs.push(...body.reader.repairs)
          rest = rest.subarray(part.used)
          if (!part.done && rest.length === 0) break
        }
        if (!body.reader.done) continue
        const after = finish()
        if (after === 'next') continue
        return { messages, relayed, repairs, outcome: 'clean', reason: after, upgraded: after === 'upgrade' }
      }
    }
  } catch (error) {
    if (!(error instanceof Http1Error)) throw error
    return { messages, relayed, repairs, outcome: 'refused', reason: error.message, upgraded: false }
  }
  if (body?.reader.end() === 'complete') finish()
  const outcome = head === undefined && !heads.started ? 'clean' : 'incomplete'
  return { messages, relayed, repairs, outcome, reason: '', upgraded: false }
}

/** `declinesUpgrade`: a server that answers a wish to upgrade as an ordinary request, and reads on (RFC 9110, 7.8). */
export function readRequests(
  chunks: readonly Buffer[],
  { declinesUpgrade = false } = {},
): OwnReading<RequestMessage> {
  return read(new HeadReader<RequestHead>('request'), chunks, {
    framed: (head) => ({ head, framing: requestFraming(head) }),
    repairs: () => [],
    mend: false,
    encode: encodeRequestHead,
    message: ({ method, target, minor, fields }, body, trailers) => ({
      method,
      target,
      minor,
      fields: rawHeaders(fields),
      body,
      trailers,
    }),
    after: (head) => {
      const asksForUpgrade =
        connectionTokens(head.fields).has('upgrade') && head.fields.some(({ lower }) => lower === 'upgrade')
      if (head.method === 'CONNECT' || (asksForUpgrade && !declinesUpgrade)) return 'upgrade'
      return isPersistent(head) ? 'next' : 'end'
    },
  })
}

/** Reads up to and with the final response to one request. */
export function readResponses(method: string, chunks: readonly Buffer[]): OwnReading<ResponseMessage> {
  const reading = read(new HeadReader<ResponseHead>('response'), chunks, {
    framed: (head) => frameResponse(head, method),
    repairs: (head) => head.repairs,
    mend: true,
    encode: encodeResponseHead,
    message: ({ status, reason, minor, fields }, body, trailers) => ({
      status,
      reason,
      minor,
      fields: rawHeaders(fields),
      body,
      trailers,
    }),
    after: ({ status }) => {
      if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return 'upgrade'
      return status < 200 ? 'next' : 'end'
    },
  })
  const last = reading.messages.at(-1)
  const answered = last !== undefined && (last.status >= 200 || last.status === 101)
  return reading.outcome === 'clean' && !answered ? { ...reading, outcome: 'incomplete' } : reading
}
