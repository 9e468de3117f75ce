import { describe, expect, it } from 'vitest'
import { parseProxyUrl } from '../../src/rules/proxy-url.ts'
import { certificateFor, httpOrigin, rawOrigin, type TestOrigin } from '../support/origin.ts'
import { startTestProxy, type TestProxy, type TestProxyOptions } from '../support/proxy.ts'
import { httpUpstreamProxy, socksUpstreamProxy } from '../support/upstream-proxy.ts'

const site = () =>
  httpOrigin(
    (request, response) =>
      response.end(`${request.headers.authorization} ${request.headers['proxy-authorization']}`),
    {
      certificate: certificateFor('site.test'),
    },
  )

const through = (url: string, env: NodeJS.ProcessEnv = {}): TestProxyOptions => ({
  upstream: { setting: 'env', env: { HTTPS_PROXY: url, HTTP_PROXY: url, ...env } },
})

async function ask(proxy: TestProxy, host = 'site.test'): Promise<string> {
  await proxy.knows('SECRET', host)
  using client = await proxy.secure(host)
  client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const { head, body } = await client.response()
  return `${head.split('\r\n', 1)[0]}: ${body}`
}

const got = 'HTTP/1.1 200 OK: Bearer SECRET undefined'

describe('a variable that names no usable proxy', () => {
  const why = 'the proxy in HTTPS_PROXY is not used: nothing may follow host and port'

  it('is in the answer where the direct connection fails, inside and to a CONNECT', async () => {
    await using proxy = await startTestProxy(through('http://alice:1/ter2@far.example'))
    const answer = await ask(proxy, 'nobody.invalid')
    expect(answer).toContain('HTTP/1.1 502 Bad Gateway: hallpass: nobody.invalid:443 could not be reached: ')
    expect(answer).toContain(`; ${why}`)
    const client = await proxy.client()
    client.send(
      `CONNECT blind.invalid:443 HTTP/1.1\r\nHost: blind.invalid:443\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    const { status, body } = await client.response()
    expect(status).toBe(502)
    expect(body).toContain(`; ${why}`)
    expect(answer + body + JSON.stringify(proxy.entries)).not.toMatch(/alice|ter2/)
  })

  it('is left out where the proxy would not have been asked', async () => {
    await using proxy = await startTestProxy({
      ...through('http://alice:1/ter2@far.example', { NO_PROXY: 'near.invalid' }),
      resolve: { 'mapped.test': '127.0.0.1:1' },
    })
    for (const host of ['near.invalid', 'mapped.test']) {
      const answer = await ask(proxy, host)
      expect(answer).toContain('could not be reached')
      expect(answer).not.toContain('HTTPS_PROXY')
    }
  })
})

describe('an upstream proxy', () => {
  it('leads to a known host by CONNECT, with its credentials for itself alone', async () => {
    await using origin = await site()
    await using company = await httpUpstreamProxy({ to: origin.port, credentials: 'alice:hunter2' })
    await using proxy = await startTestProxy(through(`http://alice:hunter2@127.0.0.1:${company.port}`))
    expect(await ask(proxy)).toBe(got)
    expect(company.asked).toEqual(['CONNECT site.test:443'])
    expect(origin.received).not.toMatch(/YWxpY2U6aHVudGVyMg|alice/)
  })

  it('may speak TLS itself, and its certificate is verified', async () => {
    await using origin = await site()
    await using company = await httpUpstreamProxy({ to: origin.port, secure: 'localhost' })
    const url = `https://localhost:${company.port}`
    await using proxy = await startTestProxy(through(url))
    expect(await ask(proxy)).toBe(got)
    await using stranger = await startTestProxy(through(url.replace('localhost', '127.0.0.1')))
    expect(await ask(stranger)).toMatch(/^HTTP\/1.1 502 .*the upstream proxy https:\/\/127\.0\.0\.1:\d+: /)
    expect(company.asked).toEqual(['CONNECT site.test:443'])
  })

  it.each(['socks5', 'socks5h', 'socks'])('may be %s, which looks the name up', async (scheme) => {
    await using origin = await site()
    await using company = await socksUpstreamProxy({ to: origin.port, credentials: 'alice:hunter2' })
    await using proxy = await startTestProxy(through(`${scheme}://alice:hunter2@127.0.0.1:${company.port}`))
    expect(await ask(proxy)).toBe(got)
    expect(company.asked).toEqual(['SOCKS site.test:443'])
  })

  it('looks up a name with the trailing dot that the client wrote', async () => {
    await using origin = await site()
    await using company = await httpUpstreamProxy({ to: origin.port })
    await using proxy = await startTestProxy(through(`http://127.0.0.1:${company.port}`))
    await proxy.knows('SECRET', 'site.test')
    const client = await proxy.tunnel('site.test.:443')
    const inside = await client.secure({ ca: proxy.caPem, servername: 'site.test' })
    inside.send('GET / HTTP/1.1\r\nHost: site.test.\r\n\r\n')
    expect(await inside.response()).toMatchObject({ status: 200, body: 'Bearer SECRET undefined' })
    const plain = await proxy.client()
    plain.send(
      `GET http://other.test./ HTTP/1.1\r\nHost: other.test.\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    expect((await plain.response()).status).toBe(200)
    await proxy.tunnel('unknown.test.:443')
    expect(company.asked).toEqual([
      'CONNECT site.test.:443',
      'GET http://other.test./',
      'CONNECT unknown.test.:443',
    ])
  })

  it('may be SOCKS for http too', async () => {
    await using origin = await httpOrigin((request, response) => response.end(request.url))
    await using company = await socksUpstreamProxy({ to: origin.port })
    await using proxy = await startTestProxy(through(`socks5://127.0.0.1:${company.port}`))
    using client = await proxy.client()
    for (const path of ['/first', '/second']) {
      client.send(
        `GET http://plain.test${path} HTTP/1.1\r\nHost: plain.test\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
      )
      expect((await client.response()).body).toBe(path)
    }
    expect(company.asked).toEqual(['SOCKS plain.test:80'])
  })

  it('carries a blind tunnel, the first words of an origin too', async () => {
    await using origin = await rawOrigin((socket) => {
      socket.write('hello from the origin')
      socket.on('data', (chunk) => socket.write(chunk))
    })
    await using company = await httpUpstreamProxy({ to: origin.port })
    await using proxy = await startTestProxy(through(`http://127.0.0.1:${company.port}`))
    using client = await proxy.tunnel('blind.test:7')
    await client.until(/hello from the origin/)
    client.send('echo')
    expect(await client.until(/echo/)).toBe('echo')
    expect(company.asked).toEqual(['CONNECT blind.test:7'])
  })

  it('gets requests for http in absolute form, with the session and its own credentials', async () => {
    await using company = await httpUpstreamProxy({ to: 1, credentials: 'alice:hunter2' })
    await using proxy = await startTestProxy({
      ...through(`http://alice:hunter2@127.0.0.1:${company.port}`),
      rules: { rules: [] },
    })
    await proxy.session.credentials.set(
      'api',
      { kind: 'bearer', hosts: ['plain.test'], allowHttp: true },
      'SECRET',
    )
    using client = await proxy.client()
    const request = (path: string) =>
      `GET http://plain.test${path} HTTP/1.1\r\nHost: plain.test\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`
    client.send(request('/a?b=c'))
    expect((await client.response()).body).toBe('for plain.test: Bearer SECRET')
    client.send(request('/again'))
    expect((await client.response()).body).toBe('for plain.test: Bearer SECRET')
    expect(company.asked).toEqual(['GET http://plain.test/a?b=c', 'GET http://plain.test/again'])
  })

  it.each([
    [
      'wants credentials',
      { credentials: 'alice:hunter2' },
      '',
      'it answered 407 Proxy Authentication Required',
    ],
    ['refuses', { answer: 'HTTP/1.1 403 Not here\r\n\r\n' }, '', 'it answered 403 Not here'],
    ['hangs up', { answer: '' }, '', 'it closed the connection'],
    ['babbles', { answer: 'SSH-2.0-x\r\n\r\n' }, '', 'the status line is not version, status and reason'],
    ['is told the wrong password', { credentials: 'alice:hunter2' }, 'alice:hunter3@', 'it answered 407'],
  ])('that %s is named in the answer, without its password', async (_, options, login, why) => {
    await using origin = await site()
    await using company = await httpUpstreamProxy({ to: origin.port, ...options })
    await using proxy = await startTestProxy(through(`http://${login}127.0.0.1:${company.port}`))
    const answer = await ask(proxy)
    expect(answer).toContain(
      `HTTP/1.1 502 Bad Gateway: hallpass: the upstream proxy http://127.0.0.1:${company.port} did not connect to site.test:443: ${why}`,
    )
    expect(answer + JSON.stringify(proxy.entries)).not.toMatch(/hunter/)
    expect(origin.received).toBe('')
  })

  it.each([{ credentials: 'alice:hunter2' }, { answer: 'refused' }])(
    'of the SOCKS kind that refuses is named too: %j',
    async (options) => {
      await using origin = await site()
      await using company = await socksUpstreamProxy({ to: origin.port, ...options })
      await using proxy = await startTestProxy(through(`socks5://alice:hunter3@127.0.0.1:${company.port}`))
      const answer = await ask(proxy)
      expect(answer).toMatch(
        /^HTTP\/1.1 502 Bad Gateway: hallpass: the upstream proxy socks5:\/\/127.0.0.1:\d+ did not connect/,
      )
      expect(answer + JSON.stringify(proxy.entries)).not.toMatch(/hunter/)
    },
  )

  it('changes nothing about a refused certificate', async () => {
    await using origin = await httpOrigin((_, response) => response.end(), {
      certificate: certificateFor('other.test'),
    })
    await using company = await httpUpstreamProxy({ to: origin.port })
    await using proxy = await startTestProxy(through(`http://127.0.0.1:${company.port}`))
    expect(await ask(proxy)).toContain('the certificate of site.test:443 was not accepted')
    expect(origin.received).toBe('')
  })

  it('that keeps silent is given up', async () => {
    await using silent = await rawOrigin(() => {})
    await using proxy = await startTestProxy({
      ...through(`http://127.0.0.1:${silent.port}`),
      limits: { connectMs: 200 },
    })
    expect(await ask(proxy)).toContain(
      'HTTP/1.1 504 Gateway Timeout: hallpass: site.test:443: no connection in time',
    )
    using client = await proxy.client()
    client.send(
      `CONNECT blind.test:443 HTTP/1.1\r\nHost: blind.test:443\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    expect(await client.until(/\r\n\r\n/)).toContain('HTTP/1.1 504 ')
  })

  it('is given up when the client leaves before it has answered', async () => {
    const asked = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    await using silent = await rawOrigin((socket) => {
      socket.once('data', () => asked.resolve()).once('close', () => left.resolve())
      socket.on('end', () => socket.end())
    })
    await using proxy = await startTestProxy(through(`http://127.0.0.1:${silent.port}`))
    using client = await proxy.client()
    client.send(
      `CONNECT blind.test:443 HTTP/1.1\r\nHost: blind.test:443\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    await asked.promise
    client.socket.resetAndDestroy()
    await left.promise
  })

  it.each([
    ['metadata.google.internal', 443],
    ['169.254.169.254', 80],
    ['[::ffff:169.254.169.254]', 443],
  ])('is not asked for %s, which is never a target', async (host, port) => {
    await using company = await httpUpstreamProxy({ to: 1 })
    await using proxy = await startTestProxy(through(`http://127.0.0.1:${company.port}`))
    using client = await proxy.client()
    client.send(
      `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 403 /)
    expect(company.asked).toEqual([])
  })
})

describe('the way to an origin is direct', () => {
  const direct = async (origin: TestOrigin, options: (url: string) => TestProxyOptions, host: string) => {
    await using company = await httpUpstreamProxy({ to: origin.port })
    await using proxy = await startTestProxy(options(`http://127.0.0.1:${company.port}`))
    await proxy.knows('SECRET', host)
    using client = await proxy.secure(host, {}, host === 'mapped.test' ? 443 : origin.port)
    client.send(`GET / HTTP/1.1\r\nHost: ${host}:${origin.port}\r\n\r\n`)
    await client.until(/\r\n\r\n/)
    return company.asked
  }

  it('for loopback, for hosts in resolve and NO_PROXY, and when the configuration says so', async () => {
    await using origin = await httpOrigin((_, response) => response.end(), {
      certificate: certificateFor('localhost', 'mapped.test'),
    })
    const resolve = { 'mapped.test': `127.0.0.1:${origin.port}` }
    expect(await direct(origin, through, 'localhost')).toEqual([])
    expect(await direct(origin, (url) => ({ ...through(url), resolve }), 'mapped.test')).toEqual([])
  })
})

describe('which proxy', () => {
  it('is read from its URL', () => {
    const parts = (text: string) => {
      const { scheme, host, port, user, password } = parseProxyUrl(text)
      return [scheme, host, port, user, password]
    }
    expect(parts('corporate.example:3128')).toEqual(['http', 'corporate.example', 3128, '', ''])
    expect(parts('http://corporate.example')).toEqual(['http', 'corporate.example', 80, '', ''])
    expect(parts('https://a:b@[::1]:1/')).toEqual(['https', '::1', 1, 'a', 'b'])
    expect(parts('socks4a://far.example')).toEqual(['socks4', 'far.example', 1080, '', ''])
    expect(parts('alice:p%40ss@far.example:1')).toEqual(['http', 'far.example', 1, 'alice', 'p@ss'])
  })

  it.each([
    'ftp://far.example',
    'http://alice:1/hunter2@far.example',
    'http://alice:1#hunter2@far.example',
    'http://alice?hunter2@far.example',
    'http://',
  ])('is not read from %s, and the message repeats no password', (text) => {
    expect(() => parseProxyUrl(text)).toThrow(/^(?!.*(alice|hunter|far)).+$/)
  })
})
