import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { serve, startedWith, usage } from './child.ts'
import { drained } from './drained.ts'
import { bearer, cookieName, cookieValue, type Material } from './material.ts'

/*
 * The origin speaks just enough HTTP/1.1 to answer the bench's own requests, so that it costs little beside the proxy under
 * test. It answers 403 unless cookie and bearer arrive.
 *
 *   GET  /small      200, 300 bytes of JSON
 *   GET  /bytes/N    200, N bytes
 *   POST /count      200, after Content-Length bytes
 */
const material = startedWith<Material>()

const small = response('200 OK', Buffer.from(JSON.stringify({ name: 'Ada', padding: 'x'.repeat(270) })))
const counted = response('200 OK', Buffer.from('{"received":true}'))
const forbidden = response('403 Forbidden', Buffer.from('{"error":"no cookie or no bearer"}'))
const chunk = Buffer.alloc(64 * 1024, 'hallpass ')
const cookie = new RegExp(`\\r\\ncookie:[^\\r]*\\b${cookieName}=${cookieValue}\\b`, 'i')
const authorization = new RegExp(`\\r\\nauthorization: ?bearer ${bearer}\\r`, 'i')

function response(status: string, body: Buffer): Buffer {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

const server = createServer({ key: material.key, cert: material.cert }, (socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  let held: Buffer = Buffer.alloc(0)
  let toCount = 0
  socket.on('data', (data: Buffer) => {
    let rest = data
    if (toCount > 0) {
      const taken = Math.min(toCount, rest.length)
      toCount -= taken
      rest = rest.subarray(taken)
      if (toCount === 0) socket.write(counted)
    }
    held = held.length > 0 ? Buffer.concat([held, rest]) : rest
    for (;;) {
      const end = held.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = held.toString('latin1', 0, end + 2)
      held = held.subarray(end + 4)
      toCount = answer(socket, head)
      if (toCount > 0) {
        const taken = Math.min(toCount, held.length)
        toCount -= taken
        held = held.subarray(taken)
        if (toCount === 0) socket.write(counted)
      }
    }
  })
})

/** Answers a request, and returns the number of body bytes still to come. */
function answer(socket: TLSSocket, head: string): number {
  if (!cookie.test(head) || !authorization.test(head)) {
    socket.end(forbidden)
    return 0
  }
  if (head.startsWith('GET /small')) socket.write(small)
  else if (head.startsWith('GET /bytes/')) void stream(socket, Number.parseInt(head.slice(11), 10))
  else return Number(/\r\ncontent-length: ?(\d+)/i.exec(head)?.[1] ?? 0)
  return 0
}

async function stream(socket: TLSSocket, bytes: number): Promise<void> {
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`,
  )
  for (let left = bytes; left > 0 && !socket.destroyed; left -= chunk.length) {
    const more = socket.write(left < chunk.length ? chunk.subarray(0, left) : chunk)
    if (!more) await drained(socket)
  }
}

server.listen(0, '127.0.0.1', () => serve({ port: (server.address() as AddressInfo).port }, { usage }))
