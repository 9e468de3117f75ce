import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { parseRequestPattern } from '../../src/rules/request-pattern.ts'
import { certificateFor, left, onHead, rawOrigin, testRootPem } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { basic } from '../support/raw-client.ts'
import { scene } from '../support/scene.ts'

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as { port: number }
  closed.close()
  await once(closed, 'close')
  return port
}

describe('a host that the session does not know', () => {
  it("shows its own certificate, and gets its client's bytes and no others", async () => {
    const certificate = certificateFor('blind.test')
    await using origin = await rawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)), {
      certificate,
    })
    await using proxy = await startTestProxy({ resolve: { 'blind.test': `127.0.0.1:${origin.port}` } })
    const tunnel = await proxy.tunnel('blind.test:443')
    const client = await tunnel.secure({ ca: testRootPem(), servername: 'blind.test' })
    const seen = (client.socket as TLSSocket).getPeerX509Certificate()
    expect(seen?.fingerprint256).toBe(new X509Certificate(certificate.cert).fingerprint256)
    client.send('PRI * whatever\0\xff')
    expect(await client.until(/\xff/)).toBe('PRI * whatever\0\xff')
    expect(origin.received).toBe('PRI * whatever\0\xff')
    expect(proxy.entries).toMatchObject([{ method: 'CONNECT', host: 'blind.test:443', status: 200 }])
  })

  it('passes 8 MiB of anything both ways, byte for byte', async () => {
    const bytes = randomBytes(8 * 1_048_576)
    await using origin = await rawOrigin((socket) => {
      socket.removeAllListeners('data')
      socket.pipe(socket)
    })
    await using proxy = await startTestProxy({ resolve: { 'blind.test': `127.0.0.1:${origin.port}` } })
    const client = await proxy.tunnel('blind.test:1')
    const hash = createHash('sha256')
    let got = 0
    client.socket.on('data', (chunk: Buffer) => {
      got += chunk.length
      hash.update(chunk)
    })
    client.socket.end(bytes)
    await once(client.socket, 'end')
    expect(got).toBe(bytes.length)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it('each direction closes by itself', async () => {
    await using origin = await rawOrigin((socket) => {
      socket.write('greeting')
      socket.on('end', () => socket.end('still here'))
    })
    await using proxy = await startTestProxy({ resolve: { 'blind.test': `127.0.0.1:${origin.port}` } })
    const client = await proxy.tunnel('blind.test:25')
    expect(await client.until(/greeting/)).toBe('greeting')
    client.socket.end('bye')
    expect(await client.rest()).toBe('still here')
    expect(origin.received).toBe('bye')
  })

  it('a reset of the origin is a reset for the client, and the other way round', async () => {
    await using origin = await rawOrigin((socket) => socket.write('part'))
    await using proxy = await startTestProxy({ resolve: { 'blind.test': `127.0.0.1:${origin.port}` } })
    const first = await proxy.tunnel('blind.test:1')
    await first.until(/part/)
    origin.connections[0]?.resetAndDestroy()
    await first.over()
    while (!first.closed) await new Promise((resolve) => first.socket.once('close', resolve))
    expect(first.error?.code).toBe('ECONNRESET')
    const second = await proxy.tunnel('blind.test:1')
    const socket = await origin.connected(2)
    second.socket.resetAndDestroy()
    await left(socket)
    expect(socket.destroyed || socket.readableEnded).toBe(true)
  })

  it('takes the bytes that a client sends right behind its CONNECT', async () => {
    await using origin = await rawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)))
    await using proxy = await startTestProxy({ resolve: { 'blind.test': `127.0.0.1:${origin.port}` } })
    const client = await proxy.client()
    client.send(
      `CONNECT blind.test:1 HTTP/1.1\r\nHost: blind.test:1\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\nearly`,
    )
    expect(await client.until(/early/)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nearly$/s)
  })

  it('reaches IPv6 literals', async () => {
    await using origin = await rawOrigin((socket) => socket.end('six'), { address: '::1' })
    await using proxy = await startTestProxy()
    const client = await proxy.tunnel(`[::1]:${origin.port}`)
    expect(await client.rest()).toBe('six')
  })

  it('that is not there: 502 with the cause, and the connection stays', async () => {
    const port = await closedPort()
    await using proxy = await startTestProxy({ resolve: { 'blind.test': `127.0.0.1:${port}` } })
    const client = await proxy.client()
    for (let i = 0; i < 2; i++) {
      client.send(
        `CONNECT blind.test:443 HTTP/1.1\r\nHost: blind.test:443\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
      )
      const { status, head, body } = await client.response()
      expect(status).toBe(502)
      expect(head).toContain('Hallpass-Error: upstream-unreachable\r\n')
      expect(body).toContain('blind.test:443 could not be reached: connection refused')
    }
  })

  it('an unknown name: 502', async () => {
    await using proxy = await startTestProxy()
    const client = await proxy.client()
    client.send(
      `CONNECT nobody.invalid:443 HTTP/1.1\r\nHost: nobody.invalid:443\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    expect((await client.response()).status).toBe(502)
  })
})

describe('inside a CONNECT to a host that the session knows', () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

  it('the ClientHello may come with the CONNECT', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.client()
    // Corked: the CONNECT and the ClientHello leave in one write.
    client.socket.cork()
    client.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${s.proxy.authorization}\r\n\r\n`,
    )
    const { Duplex } = await import('node:stream')
    const { connect } = await import('node:tls')
    let answered = false
    const through = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        client.socket.write(chunk)
        client.socket.uncork()
        done()
      },
    })
    client.socket.removeAllListeners('data')
    let before = Buffer.alloc(0)
    client.socket.on('data', (chunk: Buffer) => {
      before = Buffer.concat([before, chunk])
      const end = answered ? 0 : before.indexOf('\r\n\r\n')
      if (end < 0) return
      through.push(before.subarray(answered ? 0 : end + 4))
      answered = true
      before = Buffer.alloc(0)
    })
    const tls = connect({ socket: through, servername: 'site.test', ca: s.proxy.caPem })
    await once(tls, 'secureConnect')
    tls.write('GET / HTTP/1.1\r\nHost: site.test\r\n\r\n')
    const [answer] = (await once(tls, 'data')) as [Buffer]
    expect(answer.toString()).toContain('200 OK')
    tls.destroy()
  })

  it.each(['https', 'http'])('that is not there: 502 with the cause, over %s', async (scheme) => {
    const port = await closedPort()
    await using proxy = await startTestProxy({ resolve: { 'site.test': `127.0.0.1:${port}` } })
    await proxy.knows('SECRET', 'site.test')
    const at = scheme === 'https' ? 443 : 80
    const client = scheme === 'https' ? await proxy.secure('site.test') : await proxy.tunnel('site.test:80')
    // The connection stays: twice.
    for (let i = 0; i < 2; i++) {
      client.send('GET / HTTP/1.1\r\nHost: site.test\r\n\r\n')
      const { status, head, body } = await client.response()
      expect(status).toBe(502)
      expect(head).toContain('Hallpass-Error: upstream-unreachable\r\n')
      expect(body).toBe(
        `hallpass: site.test:${at} could not be reached: connection refused\nhallpass doctor\n`,
      )
    }
    expect(proxy.entries.map(({ status, attached }) => ({ status, attached }))).toEqual([
      { status: 502, attached: [] },
      { status: 502, attached: [] },
    ])
  })

  it('TLS ends on the very socket: there is no inner port that another process could reach', async () => {
    const listening = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const before = listening()
    const client = await s.proxy.secure('site.test')
    client.send('GET / HTTP/1.1\r\nHost: site.test\r\n\r\n')
    expect((await client.response()).status).toBe(200)
    // Those of an earlier test may still be about to go; none has come.
    expect(listening()).toBeLessThanOrEqual(before)
  })

  it('the ClientHello may come byte by byte', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.tunnel('site.test:443')
    const write = client.socket.write.bind(client.socket)
    const { Duplex } = await import('node:stream')
    const { connect } = await import('node:tls')
    const through = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        for (const byte of chunk) write(Buffer.of(byte))
        done()
      },
    })
    client.socket.removeAllListeners('data')
    client.socket.on('data', (chunk: Buffer) => through.push(chunk))
    const tls = connect({ socket: through, servername: 'site.test', ca: s.proxy.caPem })
    await once(tls, 'secureConnect')
    tls.destroy()
  })

  it.each([
    ['SSH', 22, 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['SSH on the port of https', 443, 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a database', 5432, '\x00\x00\x00\x08\x04\xd2\x16\x2f'],
    ['an unknown one', 1080, '\x05\x01\x00'],
  ])('another protocol passes unchanged: %s', async (_case, port, bytes) => {
    await using origin = await rawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)))
    await using proxy = await startTestProxy({ resolve: { 'site.test': `127.0.0.1:${origin.port}` } })
    await proxy.knows('SECRET', 'site.test')
    const client = await proxy.tunnel(`site.test:${port}`)
    for (const byte of bytes) client.send(byte)
    await client.until(new RegExp(`^.{${bytes.length}}`, 's'))
    expect(origin.received).toBe(bytes)
    expect(proxy.entries).toMatchObject([
      { method: 'CONNECT', host: `site.test:${port}`, status: 200, note: expect.stringContaining('neither') },
    ])
  })

  it('another protocol to a refused target does not pass, and the log says 403', async () => {
    await using proxy = await startTestProxy({ rules: { intercept: 'all' } })
    const client = await proxy.tunnel('169.254.169.254:22')
    client.send('SSH-2.0-OpenSSH_9.2\r\n')
    expect(await client.rest()).toBe('')
    expect(proxy.entries).toMatchObject([
      { host: '169.254.169.254:22', status: 403, note: expect.stringContaining('never a target') },
    ])
  })

  const limit = { allow: [parseRequestPattern('GET /**')] }
  describe.each([
    ['its rule', [{ hosts: [parseHostPattern('site.test')], ...limit }]],
    [
      'a wider rule',
      [{ hosts: [parseHostPattern('*.test')], ...limit }, { hosts: [parseHostPattern('site.test')] }],
    ],
  ])('that --strict forbids, and that %s limits', (_case, rules) => {
    async function forbidden() {
      const origin = await rawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)))
      const proxy = await startTestProxy({
        resolve: { 'site.test': `127.0.0.1:${origin.port}` },
        rules: { rules },
      })
      const scope = { strict: true, only: [parseHostPattern('other.test')] }
      const { token } = proxy.clients.issue(proxy.session, scope)
      onTestFinished(async () => {
        await proxy[Symbol.asyncDispose]()
        await origin[Symbol.asyncDispose]()
      })
      const client = await proxy.client()
      const authorization = basic('default', token.reveal())
      client.send(
        `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: ${authorization}\r\n\r\n`,
      )
      expect((await client.response()).status).toBe(200)
      return { origin, proxy, client }
    }

    it.each([
      ['in TLS', 'site.test'],
      ['in clear', 'site.test:443'],
    ])('a request gets the reason inside, and the origin is not even dialled: %s', async (how, authority) => {
      const { origin, proxy, client } = await forbidden()
      const inside =
        how === 'in TLS' ? await client.secure({ ca: proxy.caPem, servername: 'site.test' }) : client
      inside.send(`GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
      const { status, head, body } = await inside.response()
      expect(status).toBe(403)
      expect(head).toContain('Hallpass-Error: policy\r\n')
      expect(body).toContain(`GET ${authority} is not allowed: --strict allows only the hosts of --only\n`)
      expect(origin.connections).toHaveLength(0)
    })

    it('another protocol does not pass', async () => {
      const { origin, proxy, client } = await forbidden()
      client.send('SSH-2.0-OpenSSH_9.2\r\n')
      expect(await client.rest()).toBe('')
      expect(origin.connections).toHaveLength(0)
      expect(proxy.entries).toMatchObject([
        { host: 'site.test:443', status: 403, note: expect.stringContaining('--strict or a rule') },
      ])
    })
  })

  it.each([
    ['SSH', 443, 'SSH-2.0-OpenSSH_9.2\r\nDELETE / HTTP/1.1\r\nHost: site.test\r\n\r\n'],
    ['a binary one', 5432, '\x00\x00\x00\x08\x04\xd2\x16\x2f'],
  ])('but not around a rule that limits the requests: %s', async (_case, port, bytes) => {
    await using origin = await rawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)))
    const rule = { hosts: [parseHostPattern('site.test')], allow: [parseRequestPattern('GET /**')] }
    await using proxy = await startTestProxy({
      resolve: { 'site.test': `127.0.0.1:${origin.port}` },
      rules: { rules: [rule] },
    })
    const client = await proxy.tunnel(`site.test:${port}`)
    client.send(bytes)
    expect(await client.rest()).toBe('')
    expect(origin.connections).toHaveLength(0)
    expect(proxy.entries).toMatchObject([{ host: `site.test:${port}`, status: 403 }])
  })

  it.each([
    [443, '\x00GET / HTTP/1.1\r\nHost: site.test\r\n\r\n'],
    [80, '\xffGET / HTTP/1.1\r\nHost: site.test\r\n\r\n'],
    [80, 'QUIT\r\n\r\nGET / HTTP/1.1\r\nHost: site.test\r\n\r\n'],
    [22, 'QUIT\r\n\r\nGET / HTTP/1.1\r\nHost: site.test:22\r\n\r\n'],
  ])('but a malformed request does not, on port %i: %j', async (port, bytes) => {
    await using origin = await rawOrigin(() => {})
    await using proxy = await startTestProxy({ resolve: { 'site.test': `127.0.0.1:${origin.port}` } })
    await proxy.knows('SECRET', 'site.test')
    const client = await proxy.tunnel(`site.test:${port}`)
    client.send(bytes)
    expect((await client.response()).status).toBe(400)
    expect(origin.connections).toHaveLength(0)
  })
})

describe('a secret for https never goes onto a plain socket', () => {
  it.each([
    ['clear text inside CONNECT :443', 'tunnel', 443],
    ['clear text inside CONNECT :80', 'tunnel', 80],
    ['outside CONNECT', 'absolute', 80],
    ['outside CONNECT, port 443', 'absolute', 443],
  ])('%s', async (_case, how, port) => {
    await using origin = await rawOrigin((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    )
    await using proxy = await startTestProxy({ resolve: { 'site.test': `127.0.0.1:${origin.port}` } })
    await proxy.knows('SECRET', 'site.test')
    await proxy.session.cookies.set('https://site.test/', { name: 'sid', value: 'COOKIE', secure: true })
    const authority = port === 80 ? 'site.test' : `site.test:${port}`
    const client = how === 'tunnel' ? await proxy.tunnel(`site.test:${port}`) : await proxy.client()
    const target = how === 'tunnel' ? '/' : `http://${authority}/`
    client.send(
      `GET ${target} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    expect((await client.response()).status).toBe(200)
    expect(origin.received).toContain('GET / HTTP/1.1\r\n')
    expect(origin.received).not.toContain('SECRET')
    expect(origin.received).not.toContain('COOKIE')
  })

  it('an https:// target outside CONNECT is not taken', async () => {
    await using s = await scene(() => {})
    const client = await s.proxy.client()
    client.send(
      `GET https://site.test/ HTTP/1.1\r\nHost: site.test\r\nProxy-Authorization: ${s.proxy.authorization}\r\n\r\n`,
    )
    expect((await client.response()).status).toBe(400)
    expect(s.origin.connections).toHaveLength(0)
  })
})
