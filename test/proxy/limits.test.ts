import { describe, expect, it } from 'vitest'
import { left, onHead } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import type { RawClient } from '../support/raw-client.ts'
import { scene } from '../support/scene.ts'

const host = 'Host: site.test\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('a peer cannot hold a connection for ever', () => {
  it.each([
    ['without a byte', { idleMs: 100 }, () => {}],
    ['with half a head', { headMs: 100 }, (client: RawClient) => client.send('GET / HT')],
    [
      'with a head of one byte at a time',
      { headMs: 200, idleMs: 60_000 },
      (client: RawClient) => {
        const timer = setInterval(() => client.socket.destroyed || client.send('x'), 20)
        client.socket.once('close', () => clearInterval(timer))
      },
    ],
  ])('%s', async (_case, limits, act) => {
    await using proxy = await startTestProxy({ limits })
    const client = await proxy.client()
    act(client)
    await client.over()
    await expect.poll(() => proxy.proxy.stats().open).toBe(0)
  })

  it('with a silent tunnel', async () => {
    // Long enough for a CONNECT on a busy machine.
    await using s = await scene(() => {}, { limits: { idleMs: 1_000 } })
    const client = await s.proxy.tunnel('site.test:443')
    await client.over()
  })

  it('with half a ClientHello', async () => {
    await using s = await scene(() => {}, { limits: { handshakeMs: 100 } })
    const client = await s.proxy.tunnel('site.test:443')
    client.send('\x16\x03\x01\x02\x00\x01')
    await client.over()
  })

  it('as an origin that does not answer: 504', async () => {
    await using s = await scene(() => {}, { limits: { responseMs: 100 } })
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { status, head } = await client.response()
    expect(status).toBe(504)
    expect(head).toContain('Hallpass-Error: upstream-timeout\r\n')
  })

  it('as an origin that does not shake hands: 504', async () => {
    const { rawOrigin } = await import('../support/origin.ts')
    await using mute = await rawOrigin(() => {})
    await using proxy = await startTestProxy({
      resolve: { 'site.test': `127.0.0.1:${mute.port}` },
      limits: { connectMs: 100 },
    })
    await proxy.knows('SECRET', 'site.test')
    const client = await proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).status).toBe(504)
  })

  it('as an origin that stops in the middle', async () => {
    await using s = await scene(
      (socket) => onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')),
      {
        limits: { streamIdleMs: 100 },
      },
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.rest()).endsWith('half')).toBe(true)
  })

  it('in the pool', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)), {
      limits: { pooledMs: 100 },
    })
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.response()
    await left(await s.origin.connected(1))
    await expect.poll(() => s.proxy.proxy.stats().pooled).toBe(0)
  })
})

describe('one client leaves room for the others', () => {
  it('connections are limited, and the open ones are still served', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)), {
      limits: { connections: 5 },
    })
    const client = await s.proxy.secure('site.test')
    const others = await Promise.all(Array.from({ length: 10 }, () => s.proxy.client()))
    await expect
      .poll(() => others.filter(({ closed, ended }) => closed || ended).length)
      .toBeGreaterThanOrEqual(6)
    client.send(get)
    expect((await client.response()).status).toBe(200)
  })

  it('requests sent ahead are limited: the rest waits in the client', async () => {
    await using s = await scene((socket) => socket.once('data', () => {}))
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await s.origin.connected(1)
    // More than the kernel keeps for two connections.
    for (let i = 0; i < 256; i++) client.send(get.repeat(2_000))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(client.socket.writableLength).toBeGreaterThan(0)
  })

  it.each([
    ['answers of the proxy itself', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'front'],
    ['answers of an origin', get, 'inside'],
  ])('a client that does not read gets no more answers: %s', async (_case, request, where) => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = where === 'front' ? await s.proxy.client() : await s.proxy.secure('site.test')
    client.socket.pause()
    const text = request.repeat(1_000)
    // More than kernel and streams keep on the way: 60,000 requests, some 20 MB of answers.
    for (let i = 0; i < 60; i++) client.send(text)
    let before = -1
    while (before !== s.proxy.proxy.stats().requests) {
      before = s.proxy.proxy.stats().requests
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    expect(before).toBeLessThan(where === 'front' ? 40_000 : 60_000)
  })

  it('500 slow ones do not keep a quick one waiting', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const slow = await Promise.all(Array.from({ length: 500 }, () => s.proxy.client()))
    for (const client of slow) client.send('GET / HTTP/1.1\r\nX: ')
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).status).toBe(200)
    for (const each of slow) each.socket.destroy()
  })
})

describe('stopping', () => {
  it('finishes the current answer, takes no new request, then closes', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha')),
    )
    const client = await s.proxy.secure('site.test')
    const idle = await s.proxy.secure('site.test')
    client.send(get)
    await client.until(/ha/)
    const closed = s.proxy.proxy.close({ graceMs: 10_000 })
    await idle.over()
    await expect(s.proxy.client()).rejects.toThrow('ECONNREFUSED')
    s.origin.connections[0]?.write('lf')
    expect(await client.rest()).toBe('lf')
    await closed
  })

  it('cuts requests that outlast the grace', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha')),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await client.until(/ha/)
    await s.proxy.proxy.close({ graceMs: 50 })
    await client.over()
  })

  it('also cuts tunnels, and connections that are being made', async () => {
    await using s = await scene(() => {})
    const tunnel = await s.proxy.tunnel('site.test:443')
    await s.proxy.proxy.close({ graceMs: 50 })
    await tunnel.over()
    await expect.poll(() => s.proxy.proxy.stats()).toMatchObject({ open: 0, pooled: 0 })
  })
})
