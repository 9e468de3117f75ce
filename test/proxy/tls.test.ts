import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createServer as createTls } from 'node:tls'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { certificateTable, weakServerCiphers } from '../support/bad-certificates.ts'
import { needs } from '../support/installed.ts'
import { caExtensions, dns, makeCertificate } from '../support/make-certificate.ts'
import { onHead, rawOrigin, testRootPem } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { scene } from '../support/scene.ts'

const run = promisify(execFile)
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const get = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
const { rootPem, bad, good } = certificateTable()

/** An origin with a certificate of the table, and what it gets to read. */
async function originWith(pair: { readonly key: string; readonly cert: string }) {
  const origin = { received: '', port: 0 }
  const server = createTls({ key: pair.key, cert: pair.cert, ciphers: weakServerCiphers }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      origin.received += chunk.toString('latin1')
    })
    onHead(socket, () => socket.write(ok))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return Object.assign(origin, server.address() as { port: number })
}

describe("an origin's certificate", () => {
  it.each(bad)('that is bad: 502 with the reason, and no byte of the request: $what', async (pair) => {
    const origin = await originWith(pair)
    await using proxy = await startTestProxy({
      roots: [rootPem],
      resolve: { [pair.host]: `127.0.0.1:${origin.port}` },
    })
    await proxy.knows('SECRET', pair.host)
    const client = await proxy.secure(
      pair.host,
      pair.host === '127.0.0.1' ? { servername: '', host: pair.host } : {},
    )
    for (let i = 0; i < 2; i++) {
      client.send(get(pair.host))
      const { status, head, body } = await client.response()
      expect(status).toBe(502)
      expect(head).toContain('Hallpass-Error: upstream-certificate\r\n')
      expect(body.split('\n')).toHaveLength(3)
    }
    expect(origin.received).toBe('')
  })

  it.each(good)('that is good: $what', async (pair) => {
    const origin = await originWith(pair)
    await using proxy = await startTestProxy({
      roots: [rootPem],
      resolve: { [pair.host]: `127.0.0.1:${origin.port}` },
    })
    await proxy.knows('SECRET', pair.host)
    const client = await proxy.secure(
      pair.host,
      pair.host === '127.0.0.1' ? { servername: '', host: pair.host } : {},
    )
    client.send(get(pair.host))
    expect((await client.response()).status).toBe(200)
    expect(origin.received).toContain('SECRET')
  })

  it('is verified also where the environment asks for the opposite', async () => {
    const [pair] = bad
    if (pair === undefined) throw new Error('the table is empty')
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    onTestFinished(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    })
    const origin = await originWith(pair)
    await using proxy = await startTestProxy({
      roots: [rootPem],
      resolve: { [pair.host]: `127.0.0.1:${origin.port}` },
    })
    await proxy.knows('SECRET', pair.host)
    const client = await proxy.secure(pair.host)
    client.send(get(pair.host))
    expect((await client.response()).status).toBe(502)
    expect(origin.received).toBe('')
  })
})

describe('a client that goes away without a request is named in the log', () => {
  const caFile = (pem: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'hallpass-tls-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'ca.pem')
    writeFileSync(file, pem)
    return file
  }

  it('curl with another CA: it does not trust ours', async (context) => {
    needs(context, 'curl')
    await using s = await scene(() => {})
    const args = [
      '-sS',
      '--max-time',
      '10',
      '--proxy',
      s.proxy.url,
      '--cacert',
      caFile(testRootPem()),
      'https://site.test/',
    ]
    await expect(run('curl', args)).rejects.toThrow(/SSL|certificate/)
    await expect
      .poll(() => s.proxy.messages)
      .toEqual([expect.stringMatching(/refused the certificate for site\.test.*CA of hallpass/)])
  })

  it('Node, which checks the certificate after the handshake: it may not trust the CA', async () => {
    await using s = await scene(() => {})
    await expect(s.proxy.secure('site.test', { ca: testRootPem() })).rejects.toThrow(
      /certificate|issuer|verify/,
    )
    await expect
      .poll(() => s.proxy.messages)
      .toEqual([
        expect.stringMatching(/closed its connection to site\.test (?:in|right after) the TLS handshake/),
      ])
  })

  it('one that speaks HTTP/2 alone', async () => {
    await using s = await scene(() => {})
    await expect(s.proxy.secure('site.test', { ALPNProtocols: ['h2'] })).rejects.toThrow()
    await expect
      .poll(() => s.proxy.messages)
      .toEqual([expect.stringMatching(/speaks only h2 with site\.test/)])
  })

  it('but not one that was served', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.secure('site.test', { ALPNProtocols: ['h2', 'http/1.1'] })
    client.send(get('site.test'))
    await client.response()
    client.socket.destroy()
    await expect.poll(() => s.proxy.proxy.stats().open).toBe(0)
    expect(s.proxy.messages).toEqual([])
  })
})

describe('TLS with the origin', () => {
  it('begins while the client is still shaking hands, and is resumed later', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')),
    )
    const resumed: boolean[] = []
    s.origin.server.on('secureConnection', (socket: { isSessionReused(): boolean }) =>
      resumed.push(socket.isSessionReused()),
    )
    const client = await s.proxy.secure('site.test')
    await s.origin.connected(1)
    expect(s.origin.received).toBe('')
    for (let i = 0; i < 3; i++) {
      client.send(get('site.test'))
      expect((await client.response()).status).toBe(200)
    }
    expect(resumed).toEqual([false, true, true])
  })

  it('is not shared between sessions', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const work = await s.proxy.sessions.create({ name: 'work' })
    await work.credentials.set('api', { kind: 'bearer', hosts: ['site.test'] }, 'OTHER')
    const { token } = s.proxy.clients.issue(work, {})
    const first = await s.proxy.secure('site.test')
    first.send(get('site.test'))
    await first.response()
    const client = await s.proxy.client()
    client.send(
      `CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\nProxy-Authorization: Basic ${Buffer.from(`work:${token.reveal()}`).toString('base64')}\r\n\r\n`,
    )
    await client.until(/\r\n\r\n/)
    const second = await client.secure({ ca: s.proxy.caPem, servername: 'site.test' })
    second.send(get('site.test'))
    await second.response()
    expect(s.origin.connections).toHaveLength(2)
    expect(s.origin.received).toMatch(/SECRET.*OTHER/s)
  })
})

describe("the end of an origin's certificate", () => {
  /** An origin whose certificate, or the one above it, ends in a few seconds. */
  async function endingOrigin(ends: 'leaf' | 'intermediate', answer: string) {
    const root = makeCertificate({ commonName: 'root', extensions: caExtensions(2) })
    const soon = { validFromDays: 0, validForDays: 6 / 86_400 }
    const intermediate = makeCertificate({
      commonName: 'intermediate',
      issuer: root,
      extensions: caExtensions(0),
      ...(ends === 'intermediate' ? soon : {}),
    })
    const leaf = makeCertificate({
      altNames: [dns('site.test')],
      issuer: intermediate,
      ...(ends === 'leaf' ? soon : {}),
    })
    const key = leaf.key.export({ type: 'pkcs8', format: 'pem' }).toString()
    const origin = await rawOrigin((socket) => onHead(socket, () => socket.write(answer)), {
      certificate: { key, cert: leaf.cert + intermediate.cert },
    })
    const { validToDate } = new X509Certificate((ends === 'leaf' ? leaf : intermediate).cert)
    const ended = async () => {
      while (Date.now() <= validToDate.getTime()) await setTimeout(100)
    }
    return { origin, rootPem: root.cert, ended }
  }

  it.each([
    ['leaf', 'TLS ticket', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['intermediate', 'TLS ticket', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['leaf', 'pooled connection', ok],
    ['intermediate', 'pooled connection', ok],
    ['leaf', 'pinned connection', 'HTTP/1.1 200 OK\r\nPersistent-Auth: true\r\nContent-Length: 2\r\n\r\nok'],
  ] as const)('of the %s ends the %s: the next request is refused', async (ends, what, answer) => {
    const { origin, rootPem, ended } = await endingOrigin(ends, answer)
    await using _ = origin
    const resumed: boolean[] = []
    origin.server.on('secureConnection', (socket: { isSessionReused(): boolean }) =>
      resumed.push(socket.isSessionReused()),
    )
    await using proxy = await startTestProxy({
      roots: [rootPem],
      resolve: { 'site.test': `127.0.0.1:${origin.port}` },
    })
    await proxy.knows('SECRET', 'site.test')
    const client = await proxy.secure('site.test')
    for (let i = 0; i < 2; i++) {
      client.send(get('site.test'))
      expect((await client.response()).status).toBe(200)
    }
    expect(resumed).toEqual(what === 'TLS ticket' ? [false, true] : [false])
    await ended()
    client.send(get('site.test'))
    const { status, head } = await client.response()
    expect(status).toBe(502)
    expect(head).toContain('Hallpass-Error: upstream-certificate\r\n')
    await expect.poll(() => proxy.proxy.stats().pooled).toBe(0)
  })
})
