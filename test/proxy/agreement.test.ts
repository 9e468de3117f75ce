import { describe, expect, it } from 'vitest'
import { onHead, rawOrigin } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import type { RawClient, RawResponse } from '../support/raw-client.ts'

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Two sites that the session has a secret for; whoever confuses them sends the secret of one to the other. */
async function twoSites() {
  const serve = (socket: Parameters<typeof onHead>[0]) => onHead(socket, () => socket.write(answer))
  const site = await rawOrigin(serve, { hosts: ['site.test', 'sub.site.test', 'other.test'] })
  const other = await rawOrigin(serve, { hosts: ['other.test', 'site.test'] })
  const proxy = await startTestProxy({
    resolve: {
      'site.test': `127.0.0.1:${site.port}`,
      'sub.site.test': `127.0.0.1:${site.port}`,
      'other.test': `127.0.0.1:${other.port}`,
      '127.0.0.1': `127.0.0.1:${other.port}`,
    },
  })
  await proxy.knows('SECRET', 'site.test', 'other.test')
  return {
    site,
    other,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    },
  }
}

const get = (target: string, host: string) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

async function ask(client: RawClient, request: string): Promise<RawResponse> {
  client.send(request)
  return await client.response()
}

describe('CONNECT, SNI, Host and target have to name one authority', () => {
  it.each([
    ['site.test', get('/', 'site.test')],
    ['SITE.test', get('/', 'SiTe.TeSt')],
    ['site.test', get('/', 'site.test.')],
    ['site.test', get('/', 'site.test:443')],
    ['site.test', get('https://SITE.test:443/', 'site.test')],
    ['site.test', get('//other.test/', 'site.test')],
    ['', get('/', 'site.test')],
  ])('agreeing: SNI %j, %j', async (servername, request) => {
    await using s = await twoSites()
    const client = await s.proxy.secure('site.test', { servername, checkServerIdentity: () => undefined })
    expect((await ask(client, request)).status).toBe(200)
    expect(s.site.received).toContain('SECRET')
    expect(s.other.connections).toHaveLength(0)
  })

  it.each(['other.test', 'sub.site.test', 'site.test.other.test', 'notsite.test', 'test'])(
    'SNI %s: 421, readable under the name of the CONNECT',
    async (servername) => {
      await using s = await twoSites()
      const client = await s.proxy.secure('site.test', {
        servername,
        checkServerIdentity: (_, certificate) => {
          expect(certificate.subjectaltname).toBe('DNS:site.test')
          return undefined
        },
      })
      // Whichever of the two the Host agrees with.
      for (const named of ['site.test', servername]) {
        const refused = await ask(client, get('/', named))
        expect(refused.status).toBe(421)
        expect(refused.head).toContain('Hallpass-Error: authority-mismatch\r\n')
      }
      expect(s.site.received + s.other.received).toBe('')
    },
  )

  it.each([
    [421, get('/', 'other.test')],
    [421, get('/', 'other.test:443')],
    [421, get('/', 'OTHER.test')],
    [421, get('/', 'site.test:80')],
    [421, get('/', 'site.test:8443')],
    [421, get('/', 'sub.site.test')],
    [421, get('/', 'site.test.other.test')],
    [421, get('/', 'notsite.test')],
    [421, get('/', 'test')],
    [421, get('/', '127.0.0.1')],
    [421, get('/', '[::1]')],
    [400, get('/', '')],
    [400, get('/', 'site.test:')],
    [400, get('/', 'site.test:0443')],
    [400, get('/', 'other.test@site.test')],
    [400, get('/', 'site.test@other.test')],
    [400, get('/', 'site.test, other.test')],
    [400, get('/', 'site.test other.test')],
    [400, get('/', 'site.test\\@other.test')],
    [400, get('/', 'site.test%00.other.test')],
    [400, get('/', 'site.test\0.other.test')],
    [400, get('/', 'https://site.test')],
    [400, get('/', 'site.test/')],
    [400, get('/', 'site.test..')],
    [400, get('/', 's\xefte.test')],
    [400, 'GET / HTTP/1.1\r\nHost: site.test\r\nHost: other.test\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: site.test\r\nhost: site.test\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nX: 1\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: site.test\r\n other.test\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost : other.test\r\nHost: site.test\r\n\r\n'],
    [421, get('https://other.test/', 'site.test')],
    [421, get('https://other.test/', 'other.test')],
    [421, get('http://site.test/', 'site.test')],
    [421, get('http://site.test:443/', 'site.test')],
    [421, get('https://site.test:444/', 'site.test')],
    [421, get('https://sub.site.test/', 'site.test')],
    [421, get('ftp://site.test/', 'site.test')],
    [400, get('https://other.test@site.test/', 'site.test')],
    [400, get('https://site.test@other.test/', 'site.test')],
    [400, get('https://site.test\\.other.test/', 'site.test')],
    [400, get('https:///', 'site.test')],
    [400, get('other.test/', 'site.test')],
    [400, get('*', 'site.test')],
    [400, 'CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n'],
  ])('%i %j: neither site gets a byte', async (status, request) => {
    await using s = await twoSites()
    const client = await s.proxy.secure('site.test')
    expect((await ask(client, request)).status).toBe(status)
    expect(s.site.received + s.other.received).toBe('')
  })

  it.each([
    [421, 'CONNECT site.test:443 HTTP/1.1\r\nHost: other.test:443\r\n'],
    [421, 'CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:444\r\n'],
    [400, 'CONNECT site.test HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT site.test:443/ HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT https://site.test:443 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT /site.test:443 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT other.test@site.test:443 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT site.test:443@other.test:443 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT site.test:0x1bb HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT site.test:65536 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT site.test:0 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT :443 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT ../../ca/ca.key:443 HTTP/1.1\r\nHost: site.test\r\n'],
    [400, 'CONNECT site.test:443 HTTP/1.1\r\nHost: site.test\r\nContent-Length: 4\r\n'],
    [400, 'CONNECT site.test:443 HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n'],
  ])('%i %j', async (status, head) => {
    await using s = await twoSites()
    const client = await s.proxy.client()
    expect((await ask(client, `${head}Proxy-Authorization: ${s.proxy.authorization}\r\n\r\n`)).status).toBe(
      status,
    )
    expect(s.site.connections.length + s.other.connections.length).toBe(0)
    const next = await s.proxy.secure('site.test')
    expect((await ask(next, get('/', 'site.test'))).status).toBe(200)
  })

  it('a CONNECT without Host: its target is the authority', async () => {
    await using s = await twoSites()
    const client = await s.proxy.client()
    client.send(`CONNECT site.test:443 HTTP/1.1\r\nProxy-Authorization: ${s.proxy.authorization}\r\n\r\n`)
    expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 /)
    const secure = await client.secure({ ca: s.proxy.caPem, servername: 'site.test' })
    expect((await ask(secure, get('/', 'site.test'))).status).toBe(200)
  })

  it.each(['site.test', 'SITE.test', 'site.test.', 'site.test:8443'])(
    'a port: Host %j agrees with port 8443, and the origin reads the port',
    async (host) => {
      await using s = await twoSites()
      const client = await s.proxy.secure('site.test', {}, 8443)
      expect((await ask(client, get('/', host))).status).toBe(200)
      expect(s.site.received).toContain('GET / HTTP/1.1\r\nHost: site.test:8443\r\n')
    },
  )

  it.each(['site.test:443', 'site.test:80', 'other.test', 'other.test:8443'])(
    'another port or name: Host %j does not agree with port 8443',
    async (host) => {
      await using s = await twoSites()
      const client = await s.proxy.secure('site.test', {}, 8443)
      expect((await ask(client, get('/', host))).status).toBe(421)
      expect(s.site.received + s.other.received).toBe('')
    },
  )

  it('a rule for a port holds for that port, whatever the Host leaves out', async () => {
    await using s = await twoSites()
    await s.proxy.session.credentials.set('api', { kind: 'bearer', hosts: ['site.test:8443'] }, 'PORT')
    const client = await s.proxy.secure('site.test', {}, 8443)
    expect((await ask(client, get('/', 'site.test'))).status).toBe(200)
    expect(s.site.received).toMatch(/Host: site\.test:8443\r\n.*Bearer PORT/s)
  })

  it('also outside CONNECT: Host against the absolute target', async () => {
    await using s = await twoSites()
    const client = await s.proxy.client()
    const refused = await ask(
      client,
      `GET http://site.test/ HTTP/1.1\r\nHost: other.test\r\nProxy-Authorization: ${s.proxy.authorization}\r\n\r\n`,
    )
    expect(refused.status).toBe(421)
    expect(s.site.connections.length + s.other.connections.length).toBe(0)
  })
})
