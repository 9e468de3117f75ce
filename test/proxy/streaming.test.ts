import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { onHead, rawOrigin } from '../support/origin.ts'
import { scene } from '../support/scene.ts'

const host = 'Host: site.test\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`
const block = Buffer.alloc(65_536, 'x')

/** Writes as fast as it is let, up to a bound; tells how much. */
function pour(socket: NodeJS.WritableStream, bytes: number, count: (written: number) => void): void {
  let written = 0
  const more = () => {
    while (written < bytes) {
      written += block.length
      count(written)
      if (!socket.write(block)) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
}

/** Waits until a number has not changed for a while. */
async function settled(read: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = read()
    if (now === last) return now
    last = now
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

const size = 256 * 1_048_576

describe('bodies stream', () => {
  it('events arrive one by one', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(
          'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.until(/\r\n\r\n/)
    const [socket] = s.origin.connections
    for (let i = 0; i < 5; i++) {
      socket?.write(`9\r\ndata: ${i}\n\n\r\n`)
      expect(await client.until(/\n\n\r\n/)).toBe(`9\r\ndata: ${i}\n\n\r\n`)
    }
  })

  it('an upload arrives as it is sent, and the answer may begin before its end', async () => {
    await using s = await scene((socket) => {
      let begun = false
      socket.on('data', (chunk: Buffer) => {
        if (!begun) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        begun = true
        const text = chunk.toString('latin1')
        if (text.includes('ping')) socket.write('4\r\npong\r\n')
        if (text.endsWith('0\r\n\r\n')) socket.write('0\r\n\r\n')
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`)
    await client.until(/\r\n\r\n/)
    for (let i = 0; i < 3; i++) {
      client.send('4\r\nping\r\n')
      await client.until(/pong\r\n/)
    }
    client.send('0\r\n\r\n')
    await client.until(/0\r\n\r\n/)
  })

  it.each([
    ['a known host', 'site.test:443'],
    ['a blind tunnel', 'blind.test:443'],
  ])('a client that reads nothing holds the origin back: %s', async (_what, endpoint) => {
    let written = 0
    await using plain = await rawOrigin((socket) => pour(socket, size, (bytes) => (written = bytes)))
    await using s = await scene(
      (socket) =>
        onHead(socket, () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
          pour(socket, size, (bytes) => (written = bytes))
        }),
      { resolve: { 'blind.test': `127.0.0.1:${plain.port}` } },
    )
    const client = await s.proxy.tunnel(endpoint)
    const reader = endpoint.startsWith('site')
      ? await client.secure({ ca: s.proxy.caPem, servername: 'site.test' })
      : client
    if (reader !== client) reader.send(get)
    reader.socket.pause()
    expect(await settled(() => written)).toBeLessThan(size / 4)
  })

  it('an origin that reads nothing holds the client back', async () => {
    await using s = await scene((socket) => {
      socket.removeAllListeners('data')
      socket.pause()
    })
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: ${size}\r\n\r\n`)
    let written = 0
    pour(client.socket, size, (bytes) => (written = bytes))
    expect(await settled(() => written)).toBeLessThan(size / 4)
  })

  it('64 MiB go down and up whole', async () => {
    const length = 64 * 1_048_576
    await using s = await scene((socket) => {
      socket.removeAllListeners('data')
      let got = 0
      let head = ''
      socket.on('data', (chunk: Buffer) => {
        if (head === '' || !head.includes('\r\n\r\n')) {
          head += chunk.toString('latin1')
          const end = head.indexOf('\r\n\r\n')
          if (end < 0) return
          got = head.length - end - 4
        } else got += chunk.length
        if (got === length) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
          pour(socket, length, () => {})
        }
      })
    })
    const client = await s.proxy.secure('site.test')
    client.socket.removeAllListeners('data')
    let got = 0
    client.socket.on('data', (chunk: Buffer) => {
      got += chunk.length
    })
    client.send(`PUT / HTTP/1.1\r\n${host}Content-Length: ${length}\r\n\r\n`)
    pour(client.socket, length, () => {})
    while (got < length) await once(client.socket, 'data')
    expect(got).toBe(length + `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`.length)
  })
})
