import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Session } from '../../src/sessions/session.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { ruleSet } from '../support/material.ts'
import { left, onHead, rawOrigin } from '../support/origin.ts'
import type { TestProxyOptions } from '../support/proxy.ts'
import { basic, type RawClient } from '../support/raw-client.ts'
import { scene } from '../support/scene.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const get = 'GET / HTTP/1.1\r\nHost: site.test\r\n\r\n'
const webSocket =
  'GET / HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
/** The proxy notices nothing by itself within a test. */
const neverSwept = { limits: { sweepMs: 3_600_000 } }

const answersOk: Parameters<typeof rawOrigin>[0] = (socket) => onHead(socket, () => socket.write(ok))

function isOver({ metadata }: Session): boolean {
  return Date.now() > Date.parse(metadata.expiresAt ?? '')
}

/** site.test with the session's token SECRET, and another process that can make the session again with the token OTHER. */
async function stage(serve = answersOk, options: TestProxyOptions = {}) {
  const store = new MemoryStore()
  const s = await scene(serve, { ...options, store })
  const elsewhere = new Sessions({ store, config: ruleSet() })
  const madeAgain = async () => {
    await elsewhere.remove('default')
    const again = await elsewhere.get('default')
    await again.credentials.set('api', { kind: 'bearer', hosts: ['site.test'] }, 'OTHER')
    return again
  }
  return Object.assign(s, { store, madeAgain })
}

async function asks(client: RawClient): Promise<number> {
  client.send(get)
  return (await client.response()).status
}

describe('when the proxy removes a session', () => {
  it('its tunnel ends, the pooled connection to the origin ends, and the next session of the name gets neither', async () => {
    await using s = await stage()
    const client = await s.proxy.secure('site.test')
    expect(await asks(client)).toBe(200)
    const pooled = await s.origin.connected(1)
    await s.proxy.sessions.remove('default')
    await client.over()
    await left(pooled)
    await expect.poll(() => s.proxy.proxy.stats().pooled).toBe(0)

    const again = await s.proxy.sessions.get('default')
    await again.credentials.set('api', { kind: 'bearer', hosts: ['site.test'] }, 'OTHER')
    const { token } = s.proxy.clients.issue(again, {})
    const opened = await s.proxy.client()
    opened.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${basic('default', token.reveal())}\r\n\r\n`,
    )
    await opened.until(/\r\n\r\n/)
    const next = await opened.secure({ ca: s.proxy.caPem, servername: 'site.test' })
    expect(await asks(next)).toBe(200)
    expect(s.origin.connections.length).toBeGreaterThan(1)
    expect(s.origin.received).toContain('Bearer OTHER')
  })

  it('a connection to the origin that is still being made ends, too', async () => {
    const held = Promise.withResolvers<Socket>()
    const door = createServer((socket) => held.resolve(socket))
    door.listen(0, '127.0.0.1')
    await once(door, 'listening')
    onTestFinished(() => void door.close())
    const { port } = door.address() as AddressInfo
    await using s = await stage(answersOk, {
      resolve: { 'site.test': `127.0.0.1:${port}` },
      // Longer than a test: the connection ends with its session, not for its age.
      limits: { pooledMs: 600_000 },
    })
    await s.proxy.secure('site.test')
    const socket = await held.promise
    await s.proxy.sessions.remove('default')
    // Only now the origin begins with its handshake.
    s.origin.server.emit('connection', socket)
    await left(socket)
    await expect.poll(() => s.proxy.proxy.stats().pooled).toBe(0)
  })

  it('a request under way is cut, and so is its connection to the origin', async () => {
    await using s = await stage(() => {})
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const origin = await s.origin.connected(1)
    if (s.origin.received === '') await once(origin, 'data')
    await s.proxy.sessions.remove('default')
    await client.over()
    await left(origin)
  })
})

describe('when another process removes a session and makes it again', () => {
  it('the next request of an old tunnel gets nothing of the new session', async () => {
    await using s = await stage(answersOk, neverSwept)
    const client = await s.proxy.secure('site.test')
    expect(await asks(client)).toBe(200)
    await s.madeAgain()
    client.send(get)
    const { status, head, body } = await client.response()
    expect(status).toBe(407)
    expect(head).toContain('Hallpass-Error: session-missing')
    expect(body).toContain('the session "default" was removed')
    expect(s.origin.received).not.toContain('OTHER')
  })

  it('a client token of the old session does not open the new one', async () => {
    await using s = await stage(answersOk, neverSwept)
    const { token } = s.proxy.clients.issue(s.proxy.session, {})
    const passwords = [s.proxy.token, token.reveal()]
    await s.madeAgain()
    for (const password of passwords) {
      const client = await s.proxy.client()
      client.send(
        `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${basic('default', password)}\r\n\r\n`,
      )
      expect((await client.response()).status).toBe(407)
    }
  })

  it('a late Set-Cookie of the old session is not kept in the new one', async () => {
    await using s = await stage(() => {}, neverSwept)
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const origin = await s.origin.connected(1)
    if (s.origin.received === '') await once(origin, 'data')
    const again = await s.madeAgain()
    origin.write('HTTP/1.1 200 OK\r\nSet-Cookie: sid=late; HttpOnly\r\nContent-Length: 0\r\n\r\n')
    const { status, head } = await client.response()
    expect(status).toBe(200)
    expect(head).not.toMatch(/late|Hallpass-Captured/)
    expect(await again.cookies.list()).toEqual([])
  })

  it.each<[string, (s: Awaited<ReturnType<typeof stage>>) => Promise<RawClient>]>([
    ['an idle tunnel', (s) => s.proxy.secure('site.test')],
    ['a tunnel before its first byte', (s) => s.proxy.tunnel('site.test:443')],
    [
      'a WebSocket',
      async (s) => {
        const client = await s.proxy.secure('site.test')
        client.send(webSocket)
        await client.until(/ 101 .*\r\n\r\n/s)
        return client
      },
    ],
    ['a tunnel of bytes', (s) => s.proxy.tunnel('bytes.test:443')],
    [
      'a connection to the proxy itself',
      async (s) => {
        const client = await s.proxy.client()
        client.send(
          `GET http://hallpass.internal/ HTTP/1.1\r\nHost: hallpass.internal\r\nProxy-Authorization: ${s.proxy.authorization}\r\n\r\n`,
        )
        await client.response()
        return client
      },
    ],
  ])('%s ends by itself', async (_, open) => {
    await using bytes = await rawOrigin(() => {})
    await using s = await stage(
      (socket) =>
        onHead(socket, (head) =>
          socket.write(
            head.includes('websocket')
              ? 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
              : ok,
          ),
        ),
      { resolve: { 'bytes.test': `127.0.0.1:${bytes.port}` } },
    )
    const client = await open(s)
    await s.madeAgain()
    await client.over()
    await Promise.all([...s.origin.connections, ...bytes.connections].map(left))
  })
})

it('an open connection reads that its session has expired', async () => {
  await using s = await stage(answersOk, neverSwept)
  const work = await s.proxy.sessions.create({ name: 'work', ttlSeconds: 1, renew: false })
  await work.credentials.set('api', { kind: 'bearer', hosts: ['site.test'] }, 'OTHER')
  const { token } = s.proxy.clients.issue(work, {})
  const opened = await s.proxy.client()
  opened.send(
    `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${basic('work', token.reveal())}\r\n\r\n`,
  )
  await opened.until(/\r\n\r\n/)
  const client = await opened.secure({ ca: s.proxy.caPem, servername: 'site.test' })
  expect(await asks(client)).toBe(200)
  await expect.poll(() => isOver(work)).toBe(true)
  client.send(get)
  const { status, head, body } = await client.response()
  expect(status).toBe(407)
  expect(head).toContain('Hallpass-Error: session-missing')
  expect(body).toContain('the session "work" has expired')
})

it('a tunnel ends when its session expires, and the next CONNECT reads why', async () => {
  await using s = await stage()
  const work = await s.proxy.sessions.create({ name: 'work', ttlSeconds: 1 })
  const { token } = s.proxy.clients.issue(work, {})
  const connect = `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${basic('work', token.reveal())}\r\n\r\n`
  const client = await s.proxy.client()
  client.send(connect)
  await client.until(/\r\n\r\n/)
  await client.over()
  const next = await s.proxy.client()
  next.send(connect)
  const { status, body } = await next.response()
  expect({ status, body }).toEqual({
    status: 407,
    body: 'hallpass: the session "work" has expired\nhallpass session create work\n',
  })
  expect(await s.store.sessions()).toEqual(['default'])
})
