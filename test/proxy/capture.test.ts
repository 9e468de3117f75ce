import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { HallpassError } from '../../src/errors.ts'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Json, RecordId } from '../../src/store/store.ts'
import { onHead, rawOrigin } from '../support/origin.ts'
import { scene } from '../support/scene.ts'

const host = 'Host: site.test\r\n'
const get = (path = '/') => `GET ${path} HTTP/1.1\r\n${host}\r\n`
const withCookies = (...lines: readonly string[]) =>
  `HTTP/1.1 200 OK\r\n${lines.map((line) => `Set-Cookie: ${line}\r\n`).join('')}X-After: 1\r\nContent-Length: 2\r\n\r\nok`

/** A store whose cookie writes can be made to wait or to fail. */
class StubbornStore extends MemoryStore {
  before: (id: RecordId) => Promise<void> = async () => {}
  reading: (id: RecordId) => void = () => {}

  override async read(id: RecordId) {
    this.reading(id)
    return await super.read(id)
  }

  override async update(
    id: RecordId,
    change: (value: Json | undefined) => Json | undefined,
  ): Promise<number> {
    if (id.kind === 'cookies') await this.before(id)
    return await super.update(id, change)
  }
}

describe('cookies of a response', () => {
  it('are kept, hidden where scripts would not see them, named, and sent the next time', async () => {
    await using s = await scene((socket) =>
      onHead(socket, (head) =>
        socket.write(
          head.startsWith('GET /next') ? withCookies() : withCookies('sid=1; HttpOnly', 'seen=2', 'a,b=3'),
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get())
    expect((await client.response()).head).toBe(
      'HTTP/1.1 200 OK\r\nSet-Cookie: seen=2\r\nSet-Cookie: a,b=3\r\nX-After: 1\r\nContent-Length: 2\r\nHallpass-Captured: sid, seen, a%2Cb\r\n\r\n',
    )
    client.send(get('/next'))
    await client.response()
    expect(s.origin.received).toContain('Cookie: sid=1; seen=2; a,b=3\r\n')
    expect(s.proxy.entries.map(({ attached, captured }) => ({ attached, captured }))).toEqual([
      { attached: ['authorization(api)'], captured: ['sid', 'seen', 'a,b'] },
      { attached: ['cookie:sid', 'cookie:seen', 'cookie:a,b', 'authorization(api)'], captured: [] },
    ])
  })

  it('are on disk before the response head goes on', async () => {
    const store = new StubbornStore()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let writing = () => {}
    const began = new Promise<void>((resolve) => {
      writing = resolve
    })
    store.before = async () => {
      writing()
      await held
    }
    await using s = await scene((socket) => onHead(socket, () => socket.write(withCookies('sid=1'))), {
      store,
    })
    const client = await s.proxy.secure('site.test')
    client.send(get())
    await began
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(client.received).toBe('')
    release()
    expect((await client.response()).status).toBe(200)
    expect(await s.proxy.session.cookies.list('site.test')).toHaveLength(1)
  })

  it.each([
    ['and the rest of the body', (socket: Duplex) => socket.write('k')],
    ['and its end, right behind them', (socket: Duplex) => socket.end('k')],
    [
      'and unasked bytes',
      (socket: Duplex) => socket.write('kHTTP/1.1 404 Poison\r\nContent-Length: 0\r\n\r\n'),
    ],
  ])('are saved while more bytes come from the origin: %s', async (_, more) => {
    const store = new StubbornStore()
    store.before = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await using s = await scene(
      (socket) =>
        onHead(socket, (head) => {
          if (!head.startsWith('GET / ')) {
            socket.write(withCookies())
            return
          }
          // Two records that come with one read.
          socket.write(withCookies('sid=1').slice(0, -1))
          more(socket)
        }),
      { store },
    )
    const client = await s.proxy.secure('site.test')
    client.send(get())
    const answer = await client.response()
    expect([answer.status, answer.body]).toEqual([200, 'ok'])
    client.send(get('/next'))
    expect((await client.response()).head).toBe('HTTP/1.1 200 OK\r\nX-After: 1\r\nContent-Length: 2\r\n\r\n')
    expect(s.origin.received).toContain('Cookie: sid=1\r\n')
  })

  it('that cannot be saved: the answer goes on with a warning, because the origin has acted', async () => {
    const store = new StubbornStore()
    store.before = async () => {
      throw new HallpassError('not-saved', 'no space left on the device')
    }
    await using s = await scene((socket) => onHead(socket, () => socket.write(withCookies('sid=1'))), {
      store,
    })
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`)
    const { status, head, body } = await client.response()
    expect([status, body]).toEqual([200, 'ok'])
    expect(head).toContain('Hallpass-Warning: not-saved\r\n')
    client.send(get('/next'))
    await client.response()
    expect(s.origin.received).toContain('Cookie: sid=1\r\n')
  })

  it.each(['record-damaged', 'record-foreign-key', 'key-locked', 'state-unsafe'] as const)(
    'of a site whose record cannot be read (%s): 503 before the origin is asked',
    async (code) => {
      const store = new StubbornStore()
      await using s = await scene((socket) => onHead(socket, () => socket.write(withCookies())), { store })
      const client = await s.proxy.secure('site.test')
      store.reading = (id) => {
        if (id.kind === 'cookies')
          throw new HallpassError(code, 'the record of site.test cannot be read', { hint: 'hallpass doctor' })
      }
      client.send(get())
      const { status, head, body } = await client.response()
      expect(status).toBe(503)
      expect(head).toContain(`Hallpass-Error: ${code}\r\n`)
      expect(body).toBe('hallpass: the record of site.test cannot be read\nhallpass doctor\n')
      expect(s.origin.received).toBe('')
    },
  )

  it('of a site whose record cannot be read: 503 inside, also on a new connection', async () => {
    const store = new StubbornStore()
    await using s = await scene((socket) => onHead(socket, () => socket.write(withCookies())), { store })
    await s.proxy.session.cookies.set('https://broken.test/', { name: 'sid', value: '1' })
    store.reading = (id) => {
      if (id.kind === 'cookies' && id.name === 'broken.test')
        throw new HallpassError('record-damaged', 'the record of broken.test is damaged')
    }
    const client = await s.proxy.secure('broken.test')
    client.send('GET / HTTP/1.1\r\nHost: broken.test\r\n\r\n')
    const { status, head, body } = await client.response()
    expect(status).toBe(503)
    expect(head).toContain('Hallpass-Error: record-damaged\r\n')
    expect(body).toMatch(/^hallpass: the record of broken\.test is damaged\n/)
  })

  it('of a store that cannot be read: CONNECT gets 503, and other hosts are served', async () => {
    const store = new StubbornStore()
    await using s = await scene((socket) => onHead(socket, () => socket.write(withCookies())), { store })
    store.reading = (id) => {
      if (id.kind === 'cookies' && id.name === 'broken.test')
        throw new HallpassError('record-damaged', 'the record of broken.test is damaged')
    }
    const client = await s.proxy.client()
    client.send(
      `CONNECT broken.test:443 HTTP/1.1\r\nHost: broken.test:443\r\nProxy-Authorization: ${s.proxy.authorization}\r\n\r\n`,
    )
    const { status, head } = await client.response()
    expect(status).toBe(503)
    expect(head).toContain('Hallpass-Error: record-damaged\r\n')
    const other = await s.proxy.secure('site.test')
    other.send(get())
    expect((await other.response()).status).toBe(200)
  })

  it('in the answer that opens a WebSocket count too, in other interim answers not', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSet-Cookie: ws=1; HttpOnly\r\n\r\n',
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
    expect(await client.until(/\r\n\r\n/)).not.toContain('Cookie')
    expect(await client.until(/\r\n\r\n/)).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nHallpass-Captured: ws\r\n\r\n',
    )
    expect((await s.proxy.session.cookies.list('site.test')).map(({ name }) => name)).toEqual(['ws'])
  })

  it('of an unknown host are captured with --capture', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(withCookies('new=1'))), {
      rules: { capture: [parseHostPattern('fresh.test')] },
    })
    await using t = await scene(
      (socket) => onHead(socket, () => socket.write(withCookies('new=1; HttpOnly'))),
      {
        rules: { capture: [parseHostPattern('site.test')] },
      },
    )
    await t.proxy.session.credentials.remove('api')
    const client = await t.proxy.secure('site.test')
    client.send(get())
    expect((await client.response()).head).toContain('Hallpass-Captured: new\r\n')
    const unknown = await s.proxy.secure('site.test')
    unknown.send(get())
    await unknown.response()
  })

  it('10,000 of them or one of 1 MB are refused with the head, and the site lives on', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `c${i}=1`)
    for (const lines of [many, [`huge=${'x'.repeat(1_048_576)}`]]) {
      await using s = await scene((socket) =>
        onHead(socket, (head) =>
          socket.write(head.startsWith('GET /next') ? withCookies('fine=1') : withCookies(...lines)),
        ),
      )
      const client = await s.proxy.secure('site.test')
      client.send(get())
      const { status, head } = await client.response()
      expect(status).toBe(502)
      expect(head).toContain('Hallpass-Error: upstream-malformed\r\n')
      client.send(get('/next'))
      expect((await client.response()).head).toContain('Hallpass-Captured: fine\r\n')
    }
  })

  it('with control characters are ignored, as in a browser', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(
          'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\x01\r\nSet-Cookie: b=2\x07\r\nSet-Cookie: c=3\r\nContent-Length: 0\r\n\r\n',
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get())
    expect((await client.response()).status).toBe(200)
    const kept = await s.proxy.session.cookies.list('site.test')
    expect(kept.map(({ name }) => name)).toEqual(['c'])
  })
})

describe('a redirect', () => {
  it('is the client’s to follow; the next request is planned afresh', async () => {
    await using other = await rawOrigin((socket) => onHead(socket, () => socket.write(withCookies())), {
      hosts: ['other.test'],
    })
    await using s = await scene(
      (socket) =>
        onHead(socket, () =>
          socket.write(
            'HTTP/1.1 302 Found\r\nSet-Cookie: sid=COOKIE\r\nLocation: https://other.test/\r\nContent-Length: 0\r\n\r\n',
          ),
        ),
      {
        resolve: { 'other.test': `127.0.0.1:${other.port}` },
        rules: { capture: [parseHostPattern('other.test')] },
      },
    )
    const client = await s.proxy.secure('site.test')
    client.send(get())
    expect((await client.response()).head).toContain('Location: https://other.test/\r\n')
    expect(s.origin.connections).toHaveLength(1)
    expect(other.received).toBe('')
    const next = await s.proxy.secure('other.test')
    next.send(`GET / HTTP/1.1\r\nHost: other.test\r\nReferer: https://site.test/\r\n\r\n`)
    expect((await next.response()).status).toBe(200)
    expect(other.received).toBe('GET / HTTP/1.1\r\nHost: other.test\r\nReferer: https://site.test/\r\n\r\n')
  })
})
