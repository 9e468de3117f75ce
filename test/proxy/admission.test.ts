import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startProxy } from '../../src/proxy/proxy.ts'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { httpOrigin, left, onHead, rawOrigin } from '../support/origin.ts'
import { startTestProxy, type TestProxyOptions } from '../support/proxy.ts'
import { basic } from '../support/raw-client.ts'
import { scene } from '../support/scene.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const host = 'Host: site.test\r\n'
const env = 'eval "$(hallpass env)"'

describe('the port is useless without the client token', () => {
  it.each([
    ['none', '', env],
    ['a wrong token', `Proxy-Authorization: ${basic('default', 'x'.repeat(43))}\r\n`, env],
    ['an empty token', `Proxy-Authorization: ${basic('default', '')}\r\n`, env],
    [
      'no session of that name',
      `Proxy-Authorization: ${basic('nobody', 'x')}\r\n`,
      'eval "$(hallpass env --session nobody)"',
    ],
    ['a session that is a path', `Proxy-Authorization: ${basic('../../x', 'x')}\r\n`, env],
    ['a session that is a prototype', `Proxy-Authorization: ${basic('__proto__', 'x')}\r\n`, env],
    ['another scheme', 'Proxy-Authorization: Bearer x\r\n', env],
    ['what is no Base64', 'Proxy-Authorization: Basic ???\r\n', env],
    ['Authorization instead', `Authorization: ${basic('default', 'x')}\r\n`, env],
  ])('%s: 407 with a challenge, for every kind of request', async (_case, field, hint) => {
    await using s = await scene(() => {})
    for (const line of [
      'CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443',
      'GET http://site.test/ HTTP/1.1\r\nHost: site.test',
      'GET / HTTP/1.1\r\nHost: localhost',
      'GET http://hallpass.internal/ca.pem HTTP/1.1\r\nHost: hallpass.internal',
      'OPTIONS * HTTP/1.1\r\nHost: x',
    ]) {
      using client = await s.proxy.client()
      client.send(`${line}\r\n${field}\r\n`)
      const { status, head, body } = await client.response()
      expect(status).toBe(407)
      expect(head).toMatch(/^proxy-authenticate: basic realm=/im)
      expect(head).toContain('Hallpass-Error: proxy-auth\r\n')
      expect(body.split('\n')).toEqual([expect.stringContaining('hallpass: '), hint, ''])
    }
    expect(s.origin.connections).toHaveLength(0)
  })

  it('two Proxy-Authorization fields get 407', async () => {
    await using s = await scene(() => {})
    const client = await s.proxy.client()
    const field = `Proxy-Authorization: ${s.proxy.authorization}\r\n`
    client.send(`CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n${field}${field}\r\n`)
    expect((await client.response()).status).toBe(407)
  })

  it('the connection stays open for a second try, as git needs it', async () => {
    await using s = await scene(() => {})
    const client = await s.proxy.client()
    client.send('CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n')
    expect((await client.response()).status).toBe(407)
    client.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${s.proxy.authorization}\r\n\r\n`,
    )
    expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('but closes when a body or bytes for the tunnel came behind', async () => {
    await using s = await scene(() => {})
    for (const request of [
      'POST http://site.test/ HTTP/1.1\r\nHost: site.test\r\nContent-Length: 5\r\n\r\nGET /',
      'CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\nGET http://site.test/ HTTP/1.1\r\n',
    ]) {
      using client = await s.proxy.client()
      client.send(request)
      expect((await client.response()).head).toContain('Connection: close\r\n')
      expect(await client.rest()).toBe('')
    }
  })

  it('the hint is written as a person types it here, and no other line changes', async () => {
    await using proxy = await startTestProxy({ spell: (hint) => hint.replace('hallpass', 'npx hallpass') })
    const client = await proxy.client()
    client.send('CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n')
    expect((await client.response()).body).toBe(
      'hallpass: the proxy needs a client token\neval "$(npx hallpass env)"\n',
    )
  })
})

describe('the client token goes no further', () => {
  it.each(['Proxy-Authorization', 'proxy-authorization', 'PROXY-AUTHORIZATION'])(
    '%s is stripped inside the tunnel',
    async (name) => {
      await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
      const client = await s.proxy.secure('site.test')
      client.send(
        `GET / HTTP/1.1\r\n${host}${name}: ${s.proxy.authorization}\r\nProxy-Connection: keep-alive\r\n\r\n`,
      )
      await client.response()
      expect(s.origin.received.toLowerCase()).not.toContain('proxy-')
      expect(s.origin.received).not.toContain(s.proxy.token)
    },
  )

  it('and outside it', async () => {
    await using origin = await httpOrigin((request, response) => response.end(request.rawHeaders.join('\n')))
    await using proxy = await startTestProxy({ resolve: { 'plain.test': `127.0.0.1:${origin.port}` } })
    const client = await proxy.client()
    client.send(
      `GET http://plain.test/ HTTP/1.1\r\nHost: plain.test\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    expect((await client.response()).body.toLowerCase()).not.toContain('proxy')
  })
})

describe('--no-auth', () => {
  it('serves without a token, on loopback', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)), { noAuth: true })
    const client = await s.proxy.client()
    client.send('CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n')
    expect(await client.until(/\r\n\r\n/)).toMatch(/ 200 /)
  })

  it('still refuses a wrong token: its owner may have a narrower scope', async () => {
    await using s = await scene(() => {}, { noAuth: true })
    const client = await s.proxy.client()
    client.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${basic('default', 'x')}\r\n\r\n`,
    )
    expect((await client.response()).status).toBe(407)
  })

  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('is refused for %s', async (listenHost) => {
    const options = { listen: { host: listenHost, port: 0 }, noAuth: { session: 'default' } } as Parameters<
      typeof startProxy
    >[0]
    await expect(startProxy(options)).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('the scope of a client', () => {
  const strict = async (
    scope: Parameters<Awaited<ReturnType<typeof startTestProxy>>['clients']['issue']>[1],
    options: TestProxyOptions = {},
  ) => {
    const s = await scene((socket) => onHead(socket, () => socket.write(ok)), options)
    const { token } = s.proxy.clients.issue(s.proxy.session, scope)
    return { s, authorization: basic('default', token.reveal()) }
  }

  it.each([
    ['CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443', 403],
    ['GET http://other.test/ HTTP/1.1\r\nHost: other.test', 403],
    ['CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443', 200],
  ])('--strict: %s: %i', async (line, status) => {
    const { s, authorization } = await strict({ strict: true, only: [parseHostPattern('site.test')] })
    await using _ = s
    const client = await s.proxy.client()
    client.send(`${line}\r\nProxy-Authorization: ${authorization}\r\n\r\n`)
    const head = await client.until(/\r\n\r\n/)
    expect(head).toContain(` ${status} `)
    if (status === 403) expect(head).toContain('Hallpass-Error: policy\r\n')
  })

  it.each([
    ['CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443', 'CONNECT'],
    ['GET http://other.test/ HTTP/1.1\r\nHost: other.test', 'GET'],
  ])('--strict: %s is refused with the same reason and command', async (line, method) => {
    const { s, authorization } = await strict({ strict: true, only: [parseHostPattern('site.test')] })
    await using _ = s
    const client = await s.proxy.client()
    client.send(`${line}\r\nProxy-Authorization: ${authorization}\r\n\r\n`)
    expect((await client.response()).body.split('\n')).toEqual([
      `hallpass: ${method} other.test is not allowed: --strict allows only the hosts of --only`,
      'hallpass run --only other.test --strict -- COMMAND',
      '',
    ])
  })

  it('--only: the session is used for these hosts alone; others are tunnelled', async () => {
    const { s, authorization } = await strict({ only: [parseHostPattern('elsewhere.test')] })
    await using _ = s
    const client = await s.proxy.client()
    client.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${authorization}\r\n\r\n`,
    )
    await client.until(/\r\n\r\n/)
    await expect(client.secure({ ca: s.proxy.caPem, servername: 'site.test' })).rejects.toThrow(
      /verify|issuer|self/,
    )
  })

  it('a revoked token gets 407', async () => {
    await using s = await scene(() => {})
    const { id, token } = s.proxy.clients.issue(s.proxy.session, {})
    s.proxy.clients.revoke(id)
    const client = await s.proxy.client()
    client.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${basic('default', token.reveal())}\r\n\r\n`,
    )
    expect((await client.response()).status).toBe(407)
  })

  describe('a revoked token ends only the connections that it opened:', () => {
    const opened = async () => {
      const s = await scene((socket) => onHead(socket, () => socket.write(ok)))
      const echo = await rawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)))
      const { id, token } = s.proxy.clients.issue(s.proxy.session, {})
      const connect = async (endpoint: string, authorization = basic('default', token.reveal())) => {
        const client = await s.proxy.client()
        client.send(
          `CONNECT ${endpoint} HTTP/1.1\r\nHost: ${endpoint}\r\nProxy-Authorization: ${authorization}\r\n\r\n`,
        )
        expect(await client.until(/\r\n\r\n/)).toContain(' 200 ')
        return client
      }
      return {
        s,
        connect,
        echo,
        revoke: () => s.proxy.clients.revoke(id),
        authorization: basic('default', token.reveal()),
        async [Symbol.asyncDispose]() {
          await s[Symbol.asyncDispose]()
          await echo[Symbol.asyncDispose]()
        },
      }
    }

    it('a kept connection to a known host', async () => {
      await using o = await opened()
      const tunnel = await o.connect('site.test:443')
      const client = await tunnel.secure({ ca: o.s.proxy.caPem, servername: 'site.test' })
      client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
      expect((await client.response()).status).toBe(200)
      o.revoke()
      await client.over()
      expect(o.s.origin.received.match(/GET/g)).toHaveLength(1)
    })

    it('a CONNECT without a byte inside', async () => {
      await using o = await opened()
      const client = await o.connect('site.test:443')
      o.revoke()
      await client.over()
    })

    it('a blind tunnel, at both ends', async () => {
      await using o = await opened()
      const client = await o.connect(`127.0.0.1:${o.echo.port}`)
      client.send('hello')
      await client.until(/hello/)
      const atOrigin = await o.echo.connected(1)
      o.revoke()
      await client.over()
      await left(atOrigin)
    })

    it('a current request outside CONNECT', async () => {
      await using o = await opened()
      await using silent = await rawOrigin(() => {})
      const client = await o.s.proxy.client()
      const at = `127.0.0.1:${silent.port}`
      client.send(
        `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nProxy-Authorization: ${o.authorization}\r\n\r\n`,
      )
      const atOrigin = await silent.connected(1)
      o.revoke()
      await left(atOrigin)
      await client.over()
      expect(client.received).toBe('')
    })

    it('but not the tunnel of the session itself', async () => {
      await using o = await opened()
      const own = await o.connect(`127.0.0.1:${o.echo.port}`, o.s.proxy.authorization)
      const child = await o.connect(`127.0.0.1:${o.echo.port}`)
      o.revoke()
      await child.over()
      own.send('still here')
      await own.until(/still here/)
    })
  })
})

describe('the page of the proxy itself', () => {
  it.each(['http', 'https', 'CONNECT in clear'])(
    '%s://hallpass.internal/ says that one is connected, and has the CA',
    async (how) => {
      await using proxy = await startTestProxy()
      const client =
        how === 'http'
          ? await proxy.client()
          : how === 'https'
            ? await proxy.secure('hallpass.internal')
            : await proxy.tunnel('hallpass.internal:80')
      const ask = async (path: string) => {
        const target = how === 'http' ? `http://hallpass.internal${path}` : path
        client.send(
          `GET ${target} HTTP/1.1\r\nHost: hallpass.internal\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
        )
        return await client.response()
      }
      expect((await ask('/')).body).toMatch(/^hallpass: you are connected\nsession default\n/)
      expect((await ask('/ca.pem')).body).toBe(proxy.caPem)
      expect((await ask('/../x')).status).toBe(404)
    },
  )
})

describe('the listener', () => {
  it('a port in use is an error with a code', async () => {
    await using proxy = await startTestProxy()
    await expect(startTestProxy({ port: proxy.port })).rejects.toMatchObject({ code: 'port-taken' })
  })

  it('listens on IPv6', async () => {
    await using proxy = await startTestProxy({ host: '::1' })
    const socket = connect(proxy.port, '::1')
    await once(socket, 'connect')
    socket.destroy()
  })

  it('port 0 takes a free port and returns it', async () => {
    await using proxy = await startTestProxy()
    expect(proxy.port).toBeGreaterThan(0)
  })
})
