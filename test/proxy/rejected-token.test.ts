import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type ArrivedRequest as Arrived, onRequest } from '../support/arrived-requests.ts'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { left, onHead, rawOrigin } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { tokenScene } from '../support/token-scene.ts'

const host = 'Host: site.test\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const refused = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 7\r\n\r\nexpired'

/** An origin that takes every token but A1, and notes what came. */
function guarded(arrived: Arrived[], answers: { readonly refused?: string; readonly ok?: string } = {}) {
  return (socket: Socket) =>
    onRequest(socket, (request) => {
      arrived.push(request)
      const accepted = request.token !== undefined && request.token !== 'A1'
      socket.write(accepted ? (answers.ok ?? ok) : (answers.refused ?? refused))
    })
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Far more than the buffers of all sockets on the way. */
const size = 256 * 1_048_576

const chunked = '3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Trailer: 1\r\n\r\n'

describe('a 401 for a token that can be refreshed', () => {
  it.each([
    ['GET', '', ''],
    ['HEAD', '', ''],
    ['DELETE', '', ''],
    ['OPTIONS', '', ''],
    ['POST', 'Content-Length: 0\r\n', ''],
    ['POST', 'Content-Length: 5\r\n', 'hello'],
    ['PATCH', 'Content-Length: 5\r\nExpect: 100-continue\r\n', 'hello'],
    ['PUT', 'Transfer-Encoding: chunked\r\n', chunked],
  ])(
    'is met with one refresh, and the request is sent again as it came: %s %j',
    async (method, fields, body) => {
      const arrived: Arrived[] = []
      await using s = await tokenScene(guarded(arrived))
      const client = await s.proxy.secure('site.test')
      client.send(
        `${method} /act?q=1 HTTP/1.1\r\n${host}X-Odd:  1\r\n${fields}Accept: a\r\nACCEPT: b\r\n\r\n${body}`,
      )
      const { status, head, body: got } = await client.response({ noBody: method === 'HEAD' })
      expect([status, got]).toEqual([200, method === 'HEAD' ? '' : 'ok'])
      expect(head).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
      const [first, second] = arrived
      expect(first?.head).toContain(
        `${method} /act?q=1 HTTP/1.1\r\n${host}X-Odd:  1\r\n${fields}Accept: a\r\nACCEPT: b\r\n`,
      )
      expect(first?.token).toBe('A1')
      // It has the body already: nobody is asked for it.
      const again = first?.head.replace('A1', 'A2').replace('Expect: 100-continue\r\n', '')
      expect({ ...second, head: second?.head }).toEqual({ ...first, token: 'A2', head: again })
      expect(arrived).toHaveLength(2)
      expect(s.tokens.spent).toEqual(['R1'])
      expect(s.proxy.entries).toHaveLength(1)
      expect(s.proxy.entries[0]).toMatchObject({
        status: 200,
        note: 'refreshed, replayed',
        attached: ['authorization(api)'],
      })
    },
  )

  it('is never seen by a client that goes on with the same connection', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene(guarded(arrived))
    const client = await s.proxy.secure('site.test')
    for (const path of ['/1', '/2', '/3']) {
      client.send(`POST ${path} HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
      expect((await client.response()).body).toBe('ok')
    }
    expect(arrived.map(({ target, token, body }) => [target, token, body])).toEqual([
      ['/1', 'A1', 'hello'],
      ['/1', 'A2', 'hello'],
      ['/2', 'A2', 'hello'],
      ['/3', 'A2', 'hello'],
    ])
    expect(s.proxy.entries.map(({ note }) => note)).toEqual(['refreshed, replayed', undefined, undefined])
  })

  it('in the middle of requests sent ahead: they are served one after the other, each once', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene(guarded(arrived))
    const client = await s.proxy.secure('site.test')
    client.send(
      `GET /1 HTTP/1.1\r\n${host}\r\nPOST /2 HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\ntwoGET /3 HTTP/1.1\r\n${host}\r\n`,
    )
    for (let i = 0; i < 3; i++) expect((await client.response()).status).toBe(200)
    expect(arrived.map(({ target, token, body }) => [target, token, body])).toEqual([
      ['/1', 'A1', ''],
      ['/1', 'A2', ''],
      ['/2', 'A2', 'two'],
      ['/3', 'A2', ''],
    ])
  })

  it('of several requests at once: one refresh for all', async () => {
    const arrived: Arrived[] = []
    let release = () => {}
    const all = new Promise<void>((resolve) => {
      release = resolve
    })
    await using s = await tokenScene((socket) =>
      onRequest(socket, async (request) => {
        arrived.push(request)
        if (request.token === 'A2') {
          socket.write(ok)
          return
        }
        if (arrived.length === 5) release()
        await all
        socket.write(refused)
      }),
    )
    const statuses = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const client = await s.proxy.secure('site.test')
        client.send(`POST /${i} HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
        return (await client.response()).status
      }),
    )
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(s.tokens.spent).toEqual(['R1'])
    expect(arrived).toHaveLength(10)
  })

  it('for a request to become a WebSocket: it becomes one', async () => {
    const upgrade = `GET /ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`
    await using s = await tokenScene((socket) =>
      onHead(socket, (head) => {
        if (head.includes('Bearer A1')) socket.write(refused)
        else
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nframes',
          )
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(upgrade)
    expect(await client.until(/frames/)).toMatch(/^HTTP\/1\.1 101 /)
    // What looks like an answer in a WebSocket is none.
    s.origin.connections[0]?.write(refused)
    expect(await client.until(/expired/)).toBe(refused)
    expect(s.tokens.spent).toEqual(['R1'])
  })
})

describe('a request is sent again with its body', () => {
  const limits = { replayBytes: 1_000 }
  const post = (length: number) =>
    `POST / HTTP/1.1\r\n${host}Content-Length: ${length}\r\n\r\n${'x'.repeat(length)}`
  const inChunks = (length: number) =>
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`

  it.each([
    ['as large as what is held', post(1_000)],
    ['in chunks as large', inChunks(1_000 - '3de\r\n\r\n0\r\n\r\n'.length)],
  ])('%s', async (_size, request) => {
    const arrived: Arrived[] = []
    await using s = await tokenScene(guarded(arrived), { limits })
    const client = await s.proxy.secure('site.test')
    client.send(request)
    expect((await client.response()).status).toBe(200)
    expect(arrived.map(({ token }) => token)).toEqual(['A1', 'A2'])
    expect(arrived[1]?.body).toBe(arrived[0]?.body)
  })

  it.each([
    ['larger', post(1_001), limits],
    ['larger in chunks', inChunks(1_001 - '3de\r\n\r\n0\r\n\r\n'.length), limits],
    ['of one byte where nothing is held', post(1), { replayBytes: 0 }],
    ['of one chunk where nothing is held', inChunks(1), { replayBytes: 0 }],
  ])(
    'but not %s: the 401 is the client’s, and the next request has the new token',
    async (_size, request, held) => {
      const arrived: Arrived[] = []
      await using s = await tokenScene(guarded(arrived), { limits: held })
      const client = await s.proxy.secure('site.test')
      client.send(request)
      const answer = await client.response()
      expect(answer.head + answer.body).toBe(refused)
      client.send(get)
      expect((await client.response()).status).toBe(200)
      expect(arrived.map(({ token }) => token)).toEqual(['A1', 'A2'])
      expect(s.tokens.spent).toEqual(['R1'])
      expect(s.proxy.entries.map(({ status, note }) => [status, note])).toEqual([
        [401, 'refreshed'],
        [200, undefined],
      ])
    },
  )

  it.each([
    ['waits to be asked for it', 0],
    ['tires of waiting', 100],
  ])(
    'that the client has not begun to send, however large it is, to the origin that takes it: the client %s',
    async (_how, tiresMs) => {
      const bodies: string[] = []
      await using s = await tokenScene(
        (socket, index) => {
          let text = ''
          let asked = false
          socket.on('data', (chunk: Buffer) => {
            text += chunk.toString('latin1')
            if (!text.includes('\r\n\r\n')) return
            if (text.includes('Bearer A1')) socket.write(refused)
            else if (!asked) {
              asked = true
              socket.write('HTTP/1.1 100 Continue\r\n\r\n')
            }
            bodies[index] = text.slice(text.indexOf('\r\n\r\n') + 4)
            if (bodies[index]?.length === 5_000) socket.write(ok)
          })
        },
        { limits },
      )
      const client = await s.proxy.secure('site.test')
      s.tokens.before = () => wait(tiresMs * 2)
      client.send(`PUT /big HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n`)
      await s.tokens.asked()
      await wait(tiresMs)
      if (tiresMs === 0) expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
      client.send('x'.repeat(5_000))
      if (tiresMs > 0) await client.until(/\r\n\r\n/)
      expect((await client.response()).body).toBe('ok')
      expect(bodies).toEqual(['', 'x'.repeat(5_000)])
      expect(s.origin.received.match(/Expect: 100-continue\r\n/g)).toHaveLength(2)
    },
  )

  it('that came in parts', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene(guarded(arrived))
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 8\r\n\r\n`)
    const socket = await s.origin.connected(1)
    for (const part of ['half', 'more']) {
      while (!s.origin.received.endsWith(part === 'half' ? '\r\n\r\n' : 'half')) await once(socket, 'data')
      client.send(part)
    }
    expect((await client.response()).body).toBe('ok')
    expect(arrived.map(({ token, body }) => [token, body])).toEqual([
      ['A1', 'halfmore'],
      ['A2', 'halfmore'],
    ])
  })

  it('of which a part has come: the rest follows on the new connection', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene((socket) => {
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        if (text.includes('Bearer A1') && text.endsWith('half')) socket.write(refused)
      })
      onRequest(socket, (request) => {
        arrived.push(request)
        socket.write(ok)
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 8\r\n\r\nhalf`)
    const second = await s.origin.connected(2)
    while (!s.origin.received.includes('A2')) await once(second, 'data')
    client.send('more')
    expect((await client.response()).body).toBe('ok')
    expect(arrived.map(({ token, body }) => [token, body])).toEqual([['A2', 'halfmore']])
  })

  it.each([
    ['once the answer has begun', 'oauth2', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['when nothing could be sent again', 'bearer', ''],
  ])('is not held %s', async (_when, kind, answer) => {
    const held = 32 * 1_048_576
    let whole = () => {}
    const arrived = new Promise<void>((resolve) => {
      whole = resolve
    })
    await using s = await tokenScene(
      (socket) =>
        onRequest(socket, () => {
          socket.write(answer)
          whole()
        }),
      { limits: { replayBytes: held } },
    )
    if (kind === 'bearer') {
      await s.proxy.session.removeCredential('api')
      await s.proxy.knows('SECRET', 'site.test')
    }
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: ${held}\r\n\r\n`)
    for (let sent = 0; sent < held; sent += 65_536) client.send(Buffer.alloc(65_536))
    await arrived
    if (answer !== '') await client.until(/\r\n\r\n/)
    for (let i = 0; i < 5; i++) {
      await wait(20)
      collectGarbage()
    }
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(held / 2)
  })
})

describe('a 401 goes to the client', () => {
  it('when it is the second', async () => {
    const arrived: Arrived[] = []
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

  it('when it is the second, though there be a third token', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene((socket) =>
      onRequest(socket, (request) => {
        arrived.push(request)
        socket.write(refused)
      }),
    )
    s.proxy.session.rejected = async () => 'retry'
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
    expect((await client.response()).status).toBe(401)
    expect(arrived).toHaveLength(2)
  })

  it('when the credential is no token that could be refreshed', async () => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(refused)))
    await s.proxy.session.removeCredential('api')
    await s.proxy.knows('SECRET', 'site.test')
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused)
    expect(s.origin.received.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  it('when the token server is in trouble: whole, and nothing is lost', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene(guarded(arrived))
    s.tokens.refusal = { status: 503, error: 'temporarily_unavailable' }
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused)
    expect(arrived).toHaveLength(1)
    expect(s.proxy.entries[0]?.status).toBe(401)
  })

  it('when the credential has been removed meanwhile: the origin has said more than that', async () => {
    await using s = await tokenScene((socket) =>
      onHead(socket, async () => {
        await s.proxy.session.removeCredential('api')
        socket.write(refused)
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    const { head, body } = await client.response()
    expect(head + body).toBe(refused)
    expect(s.proxy.entries[0]?.note).toMatch(/^no refresh: .*"api"/)
  })

  it('and what of the request had not come yet goes on to the origin', async () => {
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

  it('with its own bytes, whatever others read meanwhile', async () => {
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
    await s.proxy.session.setCredential('other', { kind: 'bearer', hosts: ['other.test'] }, 'O')
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

  it('when only a new login helps: it says so, and so do all answers from then on', async () => {
    const arrived: Arrived[] = []
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
    await s.proxy.session.setCredential('key', { kind: 'header', header: 'X-Key', hosts: ['site.test'] }, 'K')
    const { id, token } = s.proxy.clients.issue('default', {})
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
    expect(s.proxy.clients.revoke(id)).toEqual(['api'])
  })
})

describe('an answer to a request without the token that it should have had', () => {
  it('says that a new login is needed', async () => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(ok)))
    s.tokens.refusal = { status: 400, error: 'invalid_grant' }
    const { session } = s.proxy
    await session.setCredential('api', undefined, 'R1')
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).head).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nHallpass-Session: needs-login\r\n\r\n',
    )
    expect(s.origin.received).not.toContain('Authorization')
  })
})

describe('of a 401 that the client does not get', () => {
  it('nothing but a lawful answer is believed: 502, and the request is not sent again', async () => {
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

  it('the rest is not read while the token is refreshed', async () => {
    let written = 0
    await using s = await tokenScene((socket, index) =>
      onHead(socket, () => {
        if (index > 0) {
          socket.write(ok)
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

  it('a huge body never arrives, and its connection is not used again', async () => {
    const block = 'x'.repeat(65_536)
    await using s = await tokenScene((socket, index) =>
      onHead(socket, () => {
        if (index > 0) socket.write(ok)
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
    expect(head + body).toBe(ok)
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
  ])('the connection is kept when nothing more can come of it: %s', async (_what, answer, connections) => {
    await using s = await tokenScene((socket) =>
      onHead(socket, (head) => socket.write(head.includes('A1') ? answer : ok)),
    )
    const client = await s.proxy.secure('site.test')
    for (let i = 0; i < 2; i++) {
      client.send(get)
      const { head, body } = await client.response()
      expect(head + body).toBe(ok)
    }
    expect(s.origin.connections).toHaveLength(connections)
  })

  it('cookies are kept, sent with the second request, and named', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene(
      guarded(arrived, {
        refused: refused.replace('WWW', 'Set-Cookie: sid=1\r\nSet-Cookie: both=1\r\nWWW'),
        ok: 'HTTP/1.1 200 OK\r\nSet-Cookie: both=2\r\nContent-Length: 2\r\n\r\nok',
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).head).toBe(
      'HTTP/1.1 200 OK\r\nSet-Cookie: both=2\r\nContent-Length: 2\r\nHallpass-Captured: sid, both\r\n\r\n',
    )
    expect(arrived[1]?.head).toContain('Cookie: sid=1; both=1\r\n')
    expect((await s.proxy.session.cookies('site.test')).map(({ name, value }) => `${name}=${value}`)).toEqual(
      ['sid=1', 'both=2'],
    )
    expect(s.proxy.entries[0]?.captured).toEqual(['sid', 'both'])
  })
})

describe('while the token is refreshed', () => {
  it('a client that leaves is not sent for again', async () => {
    const arrived: Arrived[] = []
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
      'the client left before the answer was through',
      undefined,
    ])
  })

  it('in vain, a client that leaves is logged once', async () => {
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
    expect(s.proxy.entries.map(({ note }) => note)).toEqual(['the client left before the answer was through'])
  })

  it('an origin that closes its connection changes nothing', async () => {
    const arrived: Arrived[] = []
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

  it('and could not be, an answer that the origin has closed behind arrives whole', async () => {
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

describe('a second request that comes to nothing', () => {
  it('is not sent a third time: the client is told', async () => {
    const arrived: Arrived[] = []
    await using s = await tokenScene((socket) =>
      onRequest(socket, (request) => {
        arrived.push(request)
        if (request.token === 'A1') socket.write(refused)
        else socket.destroy()
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`)
    const { status, head } = await client.response()
    expect(status).toBe(502)
    expect(head).toContain('Hallpass-Error: upstream-unreachable\r\n')
    expect(arrived.map(({ token }) => token)).toEqual(['A1', 'A2'])
    expect(s.proxy.entries[0]).toMatchObject({ status: 502, attached: ['authorization(api)'] })
    expect(s.proxy.entries[0]?.note).toMatch(/^refreshed, replayed, .*could not be reached/)
  })

  it('because the origin is gone: 502', async () => {
    await using s = await tokenScene((socket) =>
      onHead(socket, () => socket.end(refused.replace('WWW', 'Connection: close\r\nWWW'))),
    )
    s.tokens.before = async () => {
      s.origin.server.close()
    }
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).status).toBe(502)
  })
})

describe('with a real authorization server, which revokes everything when a refresh token comes twice', () => {
  it('many uploads whose token nobody says the life of: one refresh, and all arrive', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds: 1, withoutExpiresIn: true })
    await using proxy = await startTestProxy()
    const { expires_in: _, ...unknownLife } = await server.issue()
    const { clientId } = server.clients.public
    const definition = { kind: 'oauth2', hosts: ['127.0.0.1'], issuer: server.issuer, clientId }
    await proxy.session.setCredential('api', definition, JSON.stringify(unknownLife))
    while (server.record.isAlive(unknownLife.access_token)) await wait(100)
    server.record.lifeSeconds = 3_600
    const answers = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const client = await proxy.client()
        client.send(
          `POST ${server.resource} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nProxy-Authorization: ${proxy.authorization}\r\nContent-Length: 5\r\n\r\nhello`,
        )
        return await client.response()
      }),
    )
    expect(answers.map(({ body }) => body)).toEqual(Array(16).fill('for ada'))
    const { refreshes, reuses, revocations, resource } = server.record
    expect({ refreshes, reuses, revocations, good: resource.good }).toEqual({
      refreshes: 1,
      reuses: 0,
      revocations: 0,
      good: 16,
    })
  })
})
