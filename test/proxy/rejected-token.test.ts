import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ArrivedRequest, onRequest } from '../support/arrived-requests.ts'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { onHead } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { accepted, guarded, refused, tokenScene } from '../support/token-scene.ts'

const host = 'Host: site.test\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`

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
  ])('causes one refresh, and the same request is sent again: %s %j', async (method, fields, body) => {
    const arrived: ArrivedRequest[] = []
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
  })

  it('is never seen by a client that goes on with the same connection', async () => {
    const arrived: ArrivedRequest[] = []
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
    const arrived: ArrivedRequest[] = []
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
    const arrived: ArrivedRequest[] = []
    let release = () => {}
    const all = new Promise<void>((resolve) => {
      release = resolve
    })
    await using s = await tokenScene((socket) =>
      onRequest(socket, async (request) => {
        arrived.push(request)
        if (request.token === 'A2') {
          socket.write(accepted)
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

describe('a second request that comes to nothing', () => {
  it('is not sent a third time: the client gets an error', async () => {
    const arrived: ArrivedRequest[] = []
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
  it('many uploads whose token has no known life: one refresh, and all arrive', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds: 1, withoutExpiresIn: true })
    await using proxy = await startTestProxy()
    const { expires_in: _, ...unknownLife } = await server.issue()
    const { clientId } = server.clients.public
    const definition = { kind: 'oauth2', hosts: ['127.0.0.1'], issuer: server.issuer, clientId }
    await proxy.session.credentials.set('api', definition, JSON.stringify(unknownLife))
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
