import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { left, onHead, rawOrigin } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { scene } from '../support/scene.ts'

const host = 'Host: site.test\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Ends a connection in the way that a crashed origin does. */
function cutOff(socket: Socket): void {
  socket.destroy()
}

describe('the client can see that an answer was cut short', () => {
  it('with a length: the connection ends before it', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => cutOff(socket)),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect(await client.rest()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
  })

  it('with chunks: the last one never comes', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.rest()).endsWith('4\r\nhalf\r\n')).toBe(true)
  })

  it('until close: a reset, not an end', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\n\r\nhalf')))
    const tunnel = await s.proxy.tunnel('site.test:443')
    const client = await tunnel.secure({ ca: s.proxy.caPem, servername: 'site.test' })
    client.send(get)
    await client.until(/half/)
    // A reset of the connection below TLS.
    const [socket] = s.origin.connections
    const below = socket === undefined ? undefined : (socket as unknown as { _parent: Socket })._parent
    below?.resetAndDestroy()
    await client.over()
    while (!client.closed) await new Promise((resolve) => client.socket.once('close', resolve))
    expect(client.error?.code ?? tunnel.error?.code).toBe('ECONNRESET')
  })

  it('until close: an end is an end', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.end('HTTP/1.1 200 OK\r\n\r\nwhole')))
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect(await client.rest()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole')
    expect(client.error).toBeUndefined()
  })

  it('in a malformed chunk: cut there', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n'),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.until(/good\r\n/)
    s.origin.connections[0]?.write('xyz\r\n')
    expect(await client.rest()).toBe('')
  })
})

describe('a client that leaves ends the request at the origin', () => {
  it.each([
    ['before the answer', () => {}],
    [
      'in the answer',
      (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart'),
    ],
    [
      'in an event stream',
      (socket: Socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'),
    ],
  ])('%s', async (_when, serve) => {
    await using s = await scene((socket) => onHead(socket, () => serve(socket)))
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const socket = await s.origin.connected(1)
    if (serve.length > 0) await client.until(/\r\n\r\n./)
    // Longer than it takes for the end of input to be taken for a pipe's.
    await new Promise((resolve) => setTimeout(resolve, 300))
    client.socket.destroy()
    await left(socket)
    expect(s.proxy.entries.at(-1)?.note).toMatch(/client left/)
  })

  it('in its own body: the origin never sees the end of the body', async () => {
    await using s = await scene(() => {})
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
    const socket = await s.origin.connected(1)
    while (!s.origin.received.includes('abc')) await once(socket, 'data')
    client.socket.destroy()
    await left(socket)
    expect(s.origin.received).not.toContain('0\r\n\r\n')
  })

  it('also by a reset', async () => {
    await using s = await scene(() => {})
    const tunnel = await s.proxy.tunnel('site.test:443')
    const client = await tunnel.secure({ ca: s.proxy.caPem, servername: 'site.test' })
    client.send(get)
    const socket = await s.origin.connected(1)
    while (!s.origin.received.endsWith('\r\n\r\n')) await once(socket, 'data')
    tunnel.socket.resetAndDestroy()
    await left(socket)
  })

  it('also after a body that came with its head, before there was a connection to the origin', async () => {
    await using origin = await rawOrigin(() => {})
    await using proxy = await startTestProxy({ resolve: { 'plain.test': `127.0.0.1:${origin.port}` } })
    const client = await proxy.client()
    client.send(
      `POST http://plain.test/ HTTP/1.1\r\nHost: plain.test\r\nProxy-Authorization: ${proxy.authorization}\r\nContent-Length: 4\r\n\r\nbody`,
    )
    const socket = await origin.connected(1)
    while (!origin.received.endsWith('body')) await once(socket, 'data')
    await new Promise((resolve) => setTimeout(resolve, 300))
    client.socket.end()
    await left(socket)
  })

  it('behind half of a request that it sent ahead: its connection ends after the answer', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)), {
      limits: { headMs: 600_000, idleMs: 600_000 },
    })
    const client = await s.proxy.secure('site.test')
    client.socket.end(`${get}GET /half HT`)
    expect((await client.rest()).endsWith('ok')).toBe(true)
  })

  it('but not when a pipe only ended its side with the request', async () => {
    await using s = await scene((socket) => onHead(socket, () => setTimeout(() => socket.write(ok), 50)))
    const client = await s.proxy.secure('site.test')
    client.socket.end(get)
    expect((await client.rest()).endsWith('ok')).toBe(true)
  })
})

describe('kept connections to an origin', () => {
  it('are used again', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    for (let i = 0; i < 3; i++) {
      const client = await s.proxy.secure('site.test')
      client.send(get + get)
      await client.response()
      await client.response()
      client.socket.destroy()
    }
    expect(s.origin.connections).toHaveLength(1)
  })

  it.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['bytes behind the answer', `${ok}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`],
    ['Keep-Alive: timeout=1', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'],
  ])('are given up after %s', async (_why, answer) => {
    await using s = await scene((socket, index) =>
      onHead(socket, () => socket.write(index === 0 ? answer : ok)),
    )
    const client = await s.proxy.secure('site.test')
    for (let i = 0; i < 2; i++) {
      client.send(get)
      expect((await client.response()).body).toBe('ok')
    }
    expect(s.origin.connections).toHaveLength(2)
  })

  it('are given up after a request in HTTP/1.0, which said that it is the last one', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    for (let i = 0; i < 2; i++) {
      const client = await s.proxy.secure('site.test')
      client.send('GET / HTTP/1.0\r\n\r\n')
      expect((await client.response()).body).toBe('ok')
    }
    expect(s.origin.connections).toHaveLength(2)
  })

  it('are given up when bytes come without a request', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.response()
    const [first] = s.origin.connections
    first?.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
    if (first !== undefined) await left(first)
    client.send(get)
    expect((await client.response()).body).toBe('ok')
    expect(s.origin.connections).toHaveLength(2)
  })

  it('that die under a GET: it is asked again, once, on a new one', async () => {
    await using s = await scene((socket, index) => {
      let count = 0
      onHead(socket, () => {
        count += 1
        if (index === 0 && count === 2) cutOff(socket)
        else socket.write(ok)
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.response()
    client.send(get)
    expect((await client.response()).body).toBe('ok')
    expect(s.origin.connections).toHaveLength(2)
  })

  it.each([
    ['POST', 'Content-Length: 2\r\n\r\nhi'],
    ['POST', '\r\n'],
    ['PATCH', 'Content-Length: 2\r\n\r\nhi'],
    ['PUT', 'Content-Length: 2\r\n\r\nhi'],
  ])('that die under a %s: the request is sent once, and the client gets 502', async (method, rest) => {
    await using s = await scene((socket) => {
      let count = 0
      onHead(socket, () => {
        count += 1
        if (count === 2) cutOff(socket)
        else socket.write(ok)
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.response()
    client.send(`${method} /act HTTP/1.1\r\n${host}${rest}`)
    const answer = await client.response()
    expect(answer.status).toBe(502)
    expect(answer.head).toContain('Hallpass-Error: upstream-unreachable\r\n')
    expect(s.origin.received.match(/\/act/g)).toHaveLength(1)
  })

  it('that were idle for a while do not carry requests that cannot be repeated', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)), { limits: { onceMs: 0 } })
    const client = await s.proxy.secure('site.test')
    for (const method of ['GET', 'GET', 'POST']) {
      client.send(`${method} / HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`)
      await client.response()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(s.origin.connections).toHaveLength(2)
  })

  it('that answer half a head and die are not asked again', async () => {
    await using s = await scene((socket) => {
      let count = 0
      onHead(socket, () => {
        count += 1
        if (count === 2) socket.end('HTTP/1.1 200 OK\r\nContent-')
        else socket.write(ok)
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.response()
    client.send(get)
    expect((await client.response()).status).toBe(502)
    expect(s.origin.connections).toHaveLength(1)
  })

  it('are not shared when an answer came before the whole request', async () => {
    await using s = await scene((socket, index) =>
      onHead(socket, () => socket.write(index === 0 ? 'HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n' : ok)),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\npart`)
    expect((await client.response()).status).toBe(413)
    client.send(get)
    await client.over()
    const next = await s.proxy.secure('site.test')
    next.send(get)
    expect((await next.response()).body).toBe('ok')
    expect(s.origin.connections).toHaveLength(2)
  })
})
