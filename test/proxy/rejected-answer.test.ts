import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HallpassError } from '../../src/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { type ArrivedRequest, onRequest } from '../support/arrived-requests.ts'
import { left, onHead, rawOrigin } from '../support/origin.ts'
import { accepted, guarded, refused, tokenScene } from '../support/token-scene.ts'

const host = 'Host: site.test\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`

/** Far more than the buffers of all sockets on the way. */
const size = 256 * 1_048_576

describe('a 401 goes to the client', () => {
  it('when it is the second', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene((socket) =>
      onRequest(socket, (request) => {
        arrived.push(request)
        socket.write(refused)
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused)
    expect(arrived.map(({ token, body: sent }) => [token, sent])).toEqual([
      ['A1', 'hello'],
      ['A2', 'hello'],
    ])
    expect(s.tokens.spent).toEqual(['R1'])
    client.send(get)
    await client.response()
  })

  it.each([
    [
      'the client’s own Authorization stays',
      { override: false },
      `GET / HTTP/1.1\r\n${host}Authorization: Bearer own\r\n\r\n`,
    ],
    ['nothing is attached to a TRACE', {}, `TRACE / HTTP/1.1\r\n${host}\r\n`],
  ])('when it is not about our token: %s', async (_why, definition, request) => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(refused)), {}, definition)
    const client = await s.proxy.secure('site.test')
    client.send(request)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused)
    expect(s.tokens.spent).toEqual([])
    expect(s.origin.received.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(s.proxy.entries[0]?.note).toBeUndefined()
  })

  it('when it is the second, even if there is a third token', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene((socket) =>
      onRequest(socket, (request) => {
        arrived.push(request)
        socket.write(refused)
      }),
    )
    s.proxy.session.tokens.rejected = async () => 'retry'
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
    expect((await client.response()).status).toBe(401)
    expect(arrived).toHaveLength(2)
  })

  it('when the credential has no token to refresh', async () => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(refused)))
    await s.proxy.session.credentials.remove('api')
    await s.proxy.knows('SECRET', 'site.test')
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused.replace('\r\n\r\n', '\r\nHallpass-Session: suspect\r\n\r\n'))
    expect(s.origin.received.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  it('when the token server fails: whole, and the tokens stay', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene(guarded(arrived))
    s.tokens.refusal = { status: 503, error: 'temporarily_unavailable' }
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused)
    expect(arrived).toHaveLength(1)
    expect(s.proxy.entries[0]?.status).toBe(401)
  })

  it('when the session cannot be read: the 401 says more than that', async () => {
    class Store extends MemoryStore {
      unsafe = false
      override credentialsStamp(session: string): string {
        if (this.unsafe) throw new HallpassError('state-unsafe', 'the state folder is open to others')
        return super.credentialsStamp(session)
      }
    }
    const store = new Store()
    await using s = await tokenScene(
      (socket) =>
        onHead(socket, () => {
          store.unsafe = true
          socket.write(refused)
        }),
      { store },
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused)
    expect(s.proxy.entries[0]?.note).toBe('no refresh: the state folder is open to others')
  })

  it('and the rest of the request still goes to the origin', async () => {
    await using s = await tokenScene((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n')),
    )
    s.tokens.refusal = { status: 503, error: 'temporarily_unavailable' }
    const client = await s.proxy.secure('site.test')
    client.send(`PUT / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`)
    expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 401 /)
    client.send('body')
    const socket = await s.origin.connected(1)
    while (!s.origin.received.endsWith('body')) await once(socket, 'data')
    socket.write('0\r\n\r\n')
    await client.until(/0\r\n\r\n/)
  })

  it('with its own bytes, while other connections read', async () => {
    await using other = await rawOrigin(
      (socket) =>
        onHead(socket, () =>
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(9_000)}`),
        ),
      { hosts: ['other.test'] },
    )
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(refused)), {
      resolve: { 'other.test': `127.0.0.1:${other.port}` },
    })
    await s.proxy.session.credentials.set('other', { kind: 'bearer', hosts: ['other.test'] }, 'O')
    const reader = await s.proxy.secure('other.test')
    s.tokens.refusal = { status: 503, error: 'temporarily_unavailable' }
    s.tokens.before = async () => {
      reader.send('GET / HTTP/1.1\r\nHost: other.test\r\n\r\n')
      await reader.response()
    }
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).body).toBe('expired')
  })

  it('when only a new login helps: it says so, and so do all later answers', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene((socket) =>
      onRequest(socket, (request) => {
        arrived.push(request)
        socket.write(
          request.target === '/public'
            ? `HTTP/1.1 200 OK\r\nHallpass-Session: fine\r\n${arrived.length > 3 ? 'Set-Cookie: a=1\r\n' : ''}Content-Length: 2\r\n\r\nok`
            : refused.replace('WWW', 'Hallpass-Session: fine\r\nWWW'),
        )
      }),
    )
    s.tokens.refusal = { status: 400, error: 'invalid_grant' }
    // It needs no login, and is not said to.
    await s.proxy.session.credentials.set(
      'key',
      { kind: 'header', header: 'X-Key', hosts: ['site.test'] },
      'K',
    )
    const { id, token } = s.proxy.clients.issue(s.proxy.session, {})
    const tunnel = await s.proxy.client()
    const authorization = Buffer.from(`default:${token.reveal()}`).toString('base64')
    tunnel.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: Basic ${authorization}\r\n\r\n`,
    )
    await tunnel.until(/\r\n\r\n/)
    const client = await tunnel.secure({ ca: s.proxy.caPem, servername: 'site.test' })
    const marked = refused.replace('\r\n\r\n', '\r\nHallpass-Session: needs-login\r\n\r\n')
    for (let i = 0; i < 2; i++) {
      client.send(get)
      const { head, body } = await client.response()
      expect(head + body).toBe(marked)
    }
    client.send(`GET /public HTTP/1.1\r\n${host}\r\n`)
    expect((await client.response()).head).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nHallpass-Session: needs-login\r\n\r\n',
    )
    client.send(`GET /public HTTP/1.1\r\n${host}\r\n`)
    expect((await client.response()).head).toContain('Hallpass-Session: needs-login\r\n')
    expect(arrived).toHaveLength(4)
    expect(s.tokens.spent).toEqual(['R1'])
    expect(s.proxy.clients.revoke(id)?.needsLogin).toEqual(['api'])
  })
})

describe('an answer to a request whose token is missing', () => {
  it('says that a new login is needed', async () => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(accepted)))
    s.tokens.refusal = { status: 400, error: 'invalid_grant' }
    const { session } = s.proxy
    await session.credentials.set('api', undefined, 'R1')
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).head).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nHallpass-Session: needs-login\r\n\r\n',
    )
    expect(s.origin.received).not.toContain('Authorization')
  })
})

describe('a 401 that the client does not get', () => {
  it('must be valid HTTP: otherwise 502, and the request is not sent again', async () => {
    await using s = await tokenScene((socket) =>
      onHead(socket, () =>
        socket.write('HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { status, head } = await client.response()
    expect(status).toBe(502)
    expect(head).toContain('Hallpass-Error: upstream-malformed\r\n')
    expect(s.origin.received.match(/GET /g)).toHaveLength(1)
  })

  it('is not read on while the token is refreshed', async () => {
    let written = 0
    await using s = await tokenScene((socket, index) =>
      onHead(socket, () => {
        if (index > 0) {
          socket.write(accepted)
          return
        }
        socket.write(`HTTP/1.1 401 Unauthorized\r\nContent-Length: ${size}\r\n\r\n`)
        const block = Buffer.alloc(65_536)
        const more = () => {
          do written += block.length
          while (!socket.destroyed && socket.write(block))
        }
        socket.on('drain', more)
        more()
      }),
    )
    let before = 0
    s.tokens.before = async () => {
      for (before = -1; before !== written; ) {
        before = written
        await wait(250)
      }
    }
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).body).toBe('ok')
    expect(before).toBeLessThan(size / 4)
  })

  it('may have a huge body: it is not read, and the connection is not used again', async () => {
    const block = 'x'.repeat(65_536)
    await using s = await tokenScene((socket, index) =>
      onHead(socket, () => {
        if (index > 0) socket.write(accepted)
        else {
          socket.write('HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n')
          const more = () => {
            while (!socket.destroyed && socket.write(`10000\r\n${block}\r\n`));
          }
          socket.on('drain', more)
          more()
        }
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).body).toBe('ok')
    await left(await s.origin.connected(1))
    client.send(get)
    const { head, body } = await client.response()
    expect(head + body).toBe(accepted)
    expect(client.received).toBe('')
    expect(s.origin.connections).toHaveLength(2)
  })

  it.each([
    ['whole', refused, 1],
    ['without a body', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n', 1],
    ['in chunks', 'HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n', 1],
    ['only begun', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\nno', 2],
    ['with more behind it', `${refused}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`, 2],
    ['and the last', refused.replace('WWW', 'Connection: close\r\nWWW'), 2],
    ['without an end', 'HTTP/1.1 401 Unauthorized\r\n\r\nno', 2],
  ])(
    'leaves its connection usable only if no more of it can come: %s',
    async (_case, answer, connections) => {
      await using s = await tokenScene((socket) =>
        onHead(socket, (head) => socket.write(head.includes('A1') ? answer : accepted)),
      )
      const client = await s.proxy.secure('site.test')
      for (let i = 0; i < 2; i++) {
        client.send(get)
        const { head, body } = await client.response()
        expect(head + body).toBe(accepted)
      }
      expect(s.origin.connections).toHaveLength(connections)
    },
  )

  it('sets cookies: they are saved, sent with the second request, and named', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene(
      guarded(arrived, {
        refused: refused.replace('WWW', 'Set-Cookie: sid=1\r\nSet-Cookie: both=1\r\nWWW'),
        accepted: 'HTTP/1.1 200 OK\r\nSet-Cookie: both=2\r\nContent-Length: 2\r\n\r\nok',
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).head).toBe(
      'HTTP/1.1 200 OK\r\nSet-Cookie: both=2\r\nContent-Length: 2\r\nHallpass-Captured: sid, both\r\n\r\n',
    )
    expect(arrived[1]?.head).toContain('Cookie: sid=1; both=1\r\n')
    expect(
      (await s.proxy.session.cookies.list('site.test')).map(({ name, value }) => `${name}=${value}`),
    ).toEqual(['sid=1', 'both=2'])
    expect(s.proxy.entries[0]?.captured).toEqual(['sid', 'both'])
  })
})

describe('while the token is refreshed', () => {
  it('a client that leaves ends the request: it is not sent again', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene(guarded(arrived))
    let answer = () => {}
    s.tokens.before = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
    await s.tokens.asked()
    // Longer than it takes for the end of input to be taken for a pipe's.
    await wait(300)
    client.socket.destroy()
    await left(await s.origin.connected(1))
    answer()
    // The token is kept all the same.
    const next = await s.proxy.secure('site.test')
    next.send(get)
    expect((await next.response()).body).toBe('ok')
    await wait(50)
    expect(arrived.map(({ method, token }) => [method, token])).toEqual([
      ['POST', 'A1'],
      ['GET', 'A2'],
    ])
    expect(s.proxy.entries.map(({ note }) => note)).toEqual([
      'the client left before the answer was complete',
      undefined,
    ])
  })

  it('a client that leaves before the first sending: the request is not sent at all', async () => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(accepted)))
    await s.proxy.session.credentials.set('api', undefined, 'R1')
    let answer = () => {}
    s.tokens.before = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const client = await s.proxy.secure('site.test')
    client.send(`GET /left HTTP/1.1\r\n${host}\r\n`)
    await s.tokens.asked()
    await wait(300)
    client.socket.destroy()
    while (s.proxy.entries.length === 0) await wait(10)
    answer()
    const next = await s.proxy.secure('site.test')
    next.send(get)
    expect((await next.response()).status).toBe(200)
    await wait(50)
    expect(s.origin.received.match(/GET \S+/g)).toEqual(['GET /'])
  })

  it('and the refresh fails, a client that leaves is logged once', async () => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(refused)))
    let answer = () => {}
    s.tokens.refusal = { status: 503, error: 'temporarily_unavailable' }
    s.tokens.before = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const client = await s.proxy.secure('site.test')
    client.send(get)
    await s.tokens.asked()
    await wait(300)
    client.socket.destroy()
    await left(await s.origin.connected(1))
    answer()
    await wait(100)
    expect(s.proxy.entries.map(({ note }) => note)).toEqual([
      'the client left before the answer was complete',
    ])
  })

  it('an origin that closes its connection changes nothing', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene(guarded(arrived))
    s.tokens.before = async () => {
      s.origin.connections[0]?.destroy()
      await wait(50)
    }
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).body).toBe('ok')
    expect(s.origin.connections).toHaveLength(2)
  })

  it('and the refresh fails, an answer arrives whole although the origin has closed', async () => {
    await using s = await tokenScene((socket) =>
      onHead(socket, () => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\nexpired')),
    )
    s.tokens.refusal = { status: 503, error: 'temporarily_unavailable' }
    s.tokens.before = () => wait(50)
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect(await client.rest()).toBe('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nexpired')
  })
})
