import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as undici from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sessionDispatcher } from '../../src/adapters/undici.ts'
import { type Hallpass, HallpassError, openHallpass, type RequestOptions } from '../../src/index.ts'
import type { ArrivedRequest } from '../support/arrived-requests.ts'
import { certificateFor, httpOrigin, left, onHead, rawOrigin, type TestOrigin } from '../support/origin.ts'
import { secrets, signedInProgram } from '../support/signed-in-program.ts'
import { tokenEndpoint } from '../support/token-endpoint.ts'
import { guarded } from '../support/token-scene.ts'

async function site(listener: RequestListener, ...hosts: readonly string[]): Promise<TestOrigin> {
  const origin = await httpOrigin(listener, { hosts: ['site.test', ...hosts] })
  onTestFinished(() => origin[Symbol.asyncDispose]())
  return origin
}

async function bytes(...args: Parameters<typeof rawOrigin>): Promise<TestOrigin> {
  const origin = await rawOrigin(...args)
  onTestFinished(() => origin[Symbol.asyncDispose]())
  return origin
}

const echo: RequestListener = (request, response) => {
  response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }))
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

interface Kind {
  readonly kind: string
  fetchOf(hallpass: Hallpass, options?: RequestOptions): typeof fetch
}

/** Both have the same connections below them. */
const kinds: readonly Kind[] = [
  {
    kind: 'hallpass.fetch',
    fetchOf: (hallpass, options) => (options === undefined ? hallpass.fetch : hallpass.fetchWith(options)),
  },
  {
    kind: 'fetch of undici with the dispatcher',
    fetchOf: (hallpass, options) => {
      const dispatcher = sessionDispatcher(hallpass, options)
      // Its types are those of its own version.
      const fetch = undici.fetch as unknown as (input: unknown, init: object) => Promise<Response>
      return async (input, init) => {
        try {
          return await fetch(input, { ...init, dispatcher })
        } catch (error) {
          throw error instanceof TypeError && error.cause instanceof HallpassError ? error.cause : error
        }
      }
    },
  },
]

describe.each(kinds)('$kind', ({ fetchOf }) => {
  describe('a request', () => {
    it('carries the cookies and the token of the session', async () => {
      const { hallpass } = await signedInProgram({ 'site.test': await site(echo) })
      const fetch = fetchOf(hallpass)
      const response = await fetch('https://site.test/me?q=1', {
        method: 'POST',
        headers: { cookie: 'own=1', 'x-own': '2' },
        body: 'hello',
      })
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        method: 'POST',
        url: '/me?q=1',
        headers: {
          host: 'site.test',
          cookie: 'own=1; sid=cookie-canary',
          authorization: 'Bearer bearer-canary',
          'x-own': '2',
          'content-length': '5',
        },
      })
    })

    it('has new cookies on disk before the response is here, hides HttpOnly ones, and names all', async () => {
      const origin = await site((_, response) => {
        // The body never comes: the head alone is the response.
        response.writeHead(200, {
          'Set-Cookie': ['sid=new; Secure; HttpOnly', 'seen=1', 'evil=1; Domain=other.test'],
          'Hallpass-Captured': 'a lie',
        })
        response.flushHeaders()
      })
      const { hallpass, env } = await signedInProgram({ 'site.test': origin })
      const response = await fetchOf(hallpass)('https://site.test/')
      const other = await openHallpass({ env })
      expect(await other.cookieHeader('https://site.test/')).toBe('sid=new; seen=1')
      expect(await other.cookies('https://other.test/')).toEqual([])
      expect(response.headers.getSetCookie()).toEqual(['seen=1', 'evil=1; Domain=other.test'])
      expect(response.headers.get('hallpass-captured')).toBe('sid, seen')
      await response.body?.cancel()
    })

    it('refreshes a token that the origin rejects once, and sends the request again with its body', async () => {
      const arrived: ArrivedRequest[] = []
      const origin = await bytes(guarded(arrived), { hosts: ['site.test'] })
      await using tokens = await tokenEndpoint()
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const session = await hallpass.session()
      await session.credentials.remove('api')
      await hallpass.saveTokens(
        'api',
        { kind: 'oauth2', hosts: ['site.test'], tokenEndpoint: tokens.url, clientId: 'tests' },
        JSON.stringify({ access_token: 'A1', refresh_token: 'R1', token_type: 'Bearer' }),
      )
      async function* parts() {
        yield Buffer.from('hel')
        yield Buffer.from('lo')
      }
      const body = ReadableStream.from(parts())
      const response = await fetchOf(hallpass)('https://site.test/act', {
        method: 'POST',
        body,
        duplex: 'half',
      })
      expect([response.status, await response.text()]).toEqual([200, 'ok'])
      expect(arrived.map(({ token, body }) => [token, body.replaceAll(/\r\n|\b\d\b/g, '')])).toEqual([
        ['A1', 'hello'],
        ['A2', 'hello'],
      ])
      expect(tokens.spent).toEqual(['R1'])
    })
  })

  describe('a redirect', () => {
    const to = (location: (request: IncomingMessage) => string, status = 302): RequestListener => {
      return (request, response) => {
        response.writeHead(status, { Location: location(request), 'Set-Cookie': 'hop=1; HttpOnly' }).end()
      }
    }

    it('to another host carries nothing of the first', async () => {
      const other = await site(echo, 'other.test')
      const first = await site(to(() => 'https://other.test/landing'))
      const { hallpass } = await signedInProgram({ 'site.test': first, 'other.test': other })
      const response = await fetchOf(hallpass)('https://site.test/', {
        headers: { cookie: 'own=1', authorization: 'Bearer own' },
      })
      expect([response.url, response.redirected]).toEqual(['https://other.test/landing', true])
      expect(first.received).toContain('cookie-canary')
      for (const secret of [...secrets, 'own=1', 'Bearer own', 'hop=1'])
        expect(other.received).not.toContain(secret)
    })

    it('of a host carries the cookie that the hop before set, saved already', async () => {
      const origin = await site((request, response) =>
        request.url === '/' ? to(() => '/next', 303)(request, response) : echo(request, response),
      )
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const response = await fetchOf(hallpass)('https://site.test/', { method: 'POST', body: 'x' })
      expect(await response.json()).toMatchObject({
        method: 'GET',
        url: '/next',
        headers: { cookie: 'sid=cookie-canary; hop=1', authorization: 'Bearer bearer-canary' },
      })
    })

    it('to plain http takes neither Secure cookies nor the token along', async () => {
      const plain = await httpOrigin(echo)
      onTestFinished(() => plain[Symbol.asyncDispose]())
      const first = await site(to(() => 'http://site.test/'))
      const { hallpass } = await signedInProgram({ 'site.test:443': first, 'site.test:80': plain })
      const response = await fetchOf(hallpass)('https://site.test/')
      expect(response.url).toBe('http://site.test/')
      for (const secret of secrets) expect(plain.received).not.toContain(secret)
    })

    it('that a rule or a limit refuses is an error', async () => {
      const first = await site(to(() => 'https://other.test/'))
      const other = await site(echo, 'other.test')
      const { hallpass } = await signedInProgram({ 'site.test': first, 'other.test': other })
      const fetch = fetchOf(hallpass, { strict: true })
      await expect(fetch('https://site.test/')).rejects.toMatchObject({ code: 'policy' })
      expect(other.received).toBe('')
    })

    it('is followed as far as fetch follows one, and not at all when the caller wants none', async () => {
      let requests = 0
      const origin = await site((request, response) => {
        requests++
        to(() => '/again')(request, response)
      })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      await expect(fetchOf(hallpass)('https://site.test/')).rejects.toThrow(TypeError)
      expect(requests).toBe(21)
      const { status, headers } = await fetchOf(hallpass)('https://site.test/', { redirect: 'manual' })
      expect([status, headers.get('location')]).toEqual([302, '/again'])
      await expect(fetchOf(hallpass)('https://site.test/', { redirect: 'error' })).rejects.toThrow(TypeError)
      expect(requests).toBe(23)
    })
  })

  describe('bodies', () => {
    it('of requests stream: the origin has the first part before the second is made', async () => {
      const first = Promise.withResolvers<string>()
      const origin = await site(async (request, response) => {
        let body = ''
        for await (const chunk of request) {
          body += String(chunk)
          first.resolve(body)
        }
        response.end(body)
      })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      async function* parts() {
        yield Buffer.from('one')
        yield Buffer.from(await first.promise)
      }
      const body = ReadableStream.from(parts())
      const response = await fetchOf(hallpass)('https://site.test/', { method: 'PUT', body, duplex: 'half' })
      expect(await response.text()).toBe('oneone')
    })

    it('of requests wait for an origin that reads slowly', async () => {
      const reads = Promise.withResolvers<IncomingMessage>()
      let length = 0
      const origin = await site((request, response) => {
        reads.resolve(request)
        request.on('end', () => response.end(String(length)))
      })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const chunk = Buffer.alloc(65_536)
      const whole = 1_000
      let made = 0
      const body = new ReadableStream({
        pull(controller) {
          if (made++ < whole) controller.enqueue(chunk)
          else controller.close()
        },
      })
      const answer = fetchOf(hallpass)('https://site.test/', { method: 'POST', body, duplex: 'half' })
      const request = await reads.promise
      await still(() => made)
      expect(made).toBeLessThan(whole / 2)
      request.on('data', (part: Buffer) => {
        length += part.length
      })
      expect(await (await answer).text()).toBe(String(whole * chunk.length))
    })

    it('of responses stream, and wait for a reader that is slow', async () => {
      const chunk = Buffer.alloc(65_536)
      const whole = 1_000
      let written = 0
      const origin = await site(async (_, response) => {
        for (; written < whole; written++) if (!response.write(chunk)) await once(response, 'drain')
        response.end()
      })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const response = await fetchOf(hallpass)('https://site.test/')
      const reader = response.body?.getReader()
      expect((await reader?.read())?.value?.length).toBeGreaterThan(0)
      await still(() => written)
      expect(written).toBeLessThan(whole / 2)
      reader?.releaseLock()
      let rest = 0
      for await (const part of response.body ?? []) rest += part.length
      expect(written).toBe(whole)
      expect(rest).toBeGreaterThan(0)
    })

    it('of responses that end too early are errors', async () => {
      const origin = await bytes(
        (socket) =>
          onHead(socket, () => {
            socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
          }),
        { hosts: ['site.test'] },
      )
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const response = await fetchOf(hallpass)('https://site.test/')
      await expect(response.text()).rejects.toThrow(TypeError)
    })
  })

  describe('an aborted request', () => {
    it('leaves the origin: before the response', async () => {
      const origin = await bytes((socket) => onHead(socket, () => {}), { hosts: ['site.test'] })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const abort = new AbortController()
      const answer = errorOf(fetchOf(hallpass)('https://site.test/', { signal: abort.signal }))
      const socket = await origin.connected(1)
      await once(socket, 'data')
      abort.abort()
      expect(await answer).toMatchObject({ name: 'AbortError' })
      await left(socket)
    })

    it('leaves the origin: in the body, and in the upload', async () => {
      const origin = await site((request, response) => {
        request.on('error', () => {})
        response.write('begun')
      })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const abort = new AbortController()
      const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('begun')) })
      const init = { method: 'POST', body, duplex: 'half', signal: abort.signal } as const
      const response = await fetchOf(hallpass)('https://site.test/', init)
      const reader = response.body?.getReader()
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('begun')
      abort.abort()
      await expect(reader?.read()).rejects.toMatchObject({ name: 'AbortError' })
      await left(await origin.connected(1))
    })
  })

  describe('a failure', () => {
    it('of the certificate: the origin gets no byte of the request', async () => {
      const origin = await bytes(() => {}, { certificate: certificateFor('stranger.test') })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const error = await errorOf(fetchOf(hallpass)('https://site.test/'))
      expect(error).toBeInstanceOf(HallpassError)
      expect(error).toMatchObject({ code: 'upstream-certificate' })
      expect(origin.received).toBe('')
    })

    it('is a HallpassError without a secret, whatever failed', async () => {
      const origin = await bytes((socket) => onHead(socket, () => socket.end('nonsense\r\n\r\n')), {
        hosts: ['site.test'],
      })
      const closed = await bytes(() => {})
      const { port } = closed
      await closed[Symbol.asyncDispose]()
      const { hallpass, env } = await signedInProgram(
        { 'site.test': origin, 'query.test': { port } },
        { rules: [{ hosts: ['site.test'], allow: ['GET /**'] }] },
      )
      const away = await openHallpass({ env, session: 'away' })
      onTestFinished(() => away.close())
      const failures = {
        policy: () => fetchOf(hallpass)('https://site.test/', { method: 'DELETE' }),
        'upstream-malformed': () => fetchOf(hallpass)('https://site.test/'),
        'upstream-unreachable': () => fetchOf(hallpass)('https://query.test/?a=1'),
        'target-refused': () => fetchOf(hallpass)('http://169.254.169.254/'),
        'session-missing': () => fetchOf(away)('https://site.test/'),
      }
      for (const [code, fail] of Object.entries(failures)) {
        const error = await errorOf(fail())
        expect(error).toMatchObject({ code })
        const text = inspect(error, { depth: 9, showHidden: true })
        for (const secret of secrets) expect(text).not.toContain(secret)
      }
      expect(() => fetchOf(hallpass, { only: ['https://site.test/'] })).toThrow(HallpassError)
    })

    it('of a session that ends meanwhile: its requests end with it', async () => {
      const origin = await bytes((socket) => onHead(socket, () => {}), { hosts: ['site.test'] })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      await hallpass.sessions.create({ name: 'work' })
      const answer = errorOf(fetchOf(hallpass, { session: 'work' })('https://site.test/'))
      await once(await origin.connected(1), 'data')
      await hallpass.sessions.remove('work')
      expect(await answer).toMatchObject({ code: 'session-missing' })
    })
  })
})

describe('hallpass.fetch', () => {
  describe('the headers of a caller who passes on those of its own client', () => {
    const rest = 'GET /smuggled HTTP/1.1\r\nHost: site.test\r\n\r\n'
    const streamed = () => ({ body: new Blob([`hello${rest}`]).stream(), duplex: 'half' })
    it.each<[what: string, init: object]>([
      [
        'a Content-Length below the length of the body',
        { method: 'POST', length: '5', body: `hello${rest}` },
      ],
      ['a Content-Length below the length of a stream', { method: 'POST', length: '5', ...streamed() }],
      ['a Content-Length above the length of the body', { method: 'POST', length: '99', body: 'hello' }],
      ['a Content-Length without a body', { length: '5' }],
      ['Transfer-Encoding', { method: 'POST', 'transfer-encoding': 'chunked', body: `0\r\n\r\n${rest}` }],
      ['Upgrade', { upgrade: 'websocket' }],
      ['Expect', { method: 'POST', expect: '100-continue', body: 'hello' }],
    ])('cannot make two requests of one, or leave it without an answer: %s', async (_, given) => {
      const { length, method, body, duplex, ...headers } = given as Record<string, string>
      const seen: string[] = []
      const origin = await site((request, response) => {
        seen.push(request.url ?? '')
        request.resume()
        response.end(request.url)
      })
      const { hallpass } = await signedInProgram({ 'site.test': origin })
      const { fetch } = hallpass
      await (await fetch('https://site.test/before')).text()
      const init = {
        method,
        body,
        duplex,
        headers: { ...headers, ...(length && { 'content-length': length }) },
      }
      expect(await errorOf(fetch('https://site.test/odd', init as RequestInit))).toBeInstanceOf(Error)
      for (const path of ['/1', '/2'])
        expect(await (await fetch(`https://site.test${path}`)).text()).toBe(path)
      expect(seen.filter((url) => url !== '/odd')).toEqual(['/before', '/1', '/2'])
    })
  })

  it('fails after close, also where a connection was kept', async () => {
    const { hallpass } = await signedInProgram({ 'site.test': await site(echo) })
    await (await hallpass.fetch('https://site.test/')).text()
    await hallpass.close()
    expect(await errorOf(hallpass.fetch('https://site.test/'))).toMatchObject({ code: 'shutting-down' })
  })

  it('may be given away as a function, and may even take the place of the global one', async () => {
    const origin = await site(echo)
    const { env, hallpass } = await signedInProgram({ 'site.test': origin })
    const script = `
      import { openHallpass } from ${JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))}
      const config = JSON.parse(process.argv[1])
      globalThis.fetch = (await openHallpass({ config })).fetch
      const { headers } = await (await fetch('https://site.test/')).json()
      setImmediate(() => {
        const open = process.getActiveResourcesInfo().filter((resource) => /TCP|TLS/.test(resource))
        console.log(headers.cookie, open)
      })`
    const config = {
      upstreamCa: hallpass.config.upstreamCa,
      resolve: { 'site.test': `127.0.0.1:${origin.port}` },
    }
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, JSON.stringify(config)], {
      env: { ...env, PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += String(chunk)
    })
    // Nothing listens, and the idle connection to the origin does not keep the program alive.
    const [status] = await once(child, 'close')
    expect({ status, printed }).toEqual({ status: 0, printed: 'sid=cookie-canary []\n' })
  })
})

/** Settles once a count no longer changes. */
async function still(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
