import type { Socket } from 'node:net'
import { BodyReader } from '../../src/http1/body-reader.ts'
import { requestFraming } from '../../src/http1/framing.ts'
import { HeadReader } from '../../src/http1/head-reader.ts'
import type { RequestHead } from '../../src/http1/request-head.ts'

export interface ArrivedRequest {
  readonly method: string
  readonly target: string
  /** Of `Authorization: Bearer`. */
  readonly token: string | undefined
  /** The whole head, line by line as it came. */
  readonly head: string
  /** As it came, chunk framing included. */
  readonly body: string
}

/** The origin's side of a connection: calls back with each request once all of it has come. */
export function onRequest(socket: Socket, serve: (request: ArrivedRequest) => void): void {
  const heads = new HeadReader<RequestHead>('request')
  let current: { readonly head: RequestHead; readonly reader: BodyReader } | undefined
  let body = ''
  const take = (chunk: Buffer): void => {
    if (current === undefined) {
      const whole = heads.push(chunk)
      if (whole === undefined) return
      current = { head: whole.head, reader: new BodyReader(requestFraming(whole.head)) }
      take(whole.rest)
      return
    }
    const part = current.reader.push(chunk)
    body += Buffer.concat(part.out).toString('latin1')
    if (!part.done) return
    const request = arrived(current.head, body)
    current = undefined
    body = ''
    serve(request)
    if (part.used < chunk.length) take(chunk.subarray(part.used))
  }
  socket.on('data', take)
}

function arrived({ method, target, fields }: RequestHead, body: string): ArrivedRequest {
  const head = [`${method} ${target} HTTP/1.1`, ...fields.map(({ raw }) => raw), '', ''].join('\r\n')
  const token = /^authorization: bearer (.*)\r$/im.exec(head)?.[1]
  return { method, target, token, head, body }
}
