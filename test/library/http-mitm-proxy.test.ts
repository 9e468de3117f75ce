import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer, Agent as HttpsAgent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Proxy as MitmProxy } from 'http-mitm-proxy'
import * as undici from 'undici'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { hallpass as sessionModule } from '../../src/adapters/http-mitm-proxy.ts'
import type { Hallpass, RequestOptions } from '../../src/index.ts'
import type { ArrivedRequest } from '../support/arrived-requests.ts'
import { certificateFor, httpOrigin, left, onHead, rawOrigin, type TestOrigin } from '../support/origin.ts'
import { secrets, signedInProgram } from '../support/signed-in-program.ts'
import { tokenEndpoint } from '../support/token-endpoint.ts'
import { guarded } from '../support/token-scene.ts'

const echo: RequestListener = (request, response) => {
  response.setHeader('Set-Cookie', ['seen=1; HttpOnly', 'shown=1', 'evil=1; Domain=other.test'])
  response.end(JSON.stringify(request.headers))
}

async function site(listener: RequestListener, ...hosts: readonly string[]): Promise<TestOrigin> {
  const origin = await httpOrigin(listener, hosts.length === 0 ? {} : { hosts })
  onTestFinished(() => origin[Symbol.asyncDispose]())
  return origin
}

interface Tool {
  /** As the tool's client: through the proxy, whose certificates it trusts. */
  readonly get: (
    url: string,
    init?: Partial<undici.Dispatcher.RequestOptions>,
  ) => Promise<undici.Dispatcher.ResponseData>
  readonly client: undici.Dispatcher
  readonly errors: unknown[]
}

/** A tool that is built on http-mitm-proxy, with the module in it. */
async function tool(
  hallpass: Hallpass,
  options: RequestOptions = {},
  httpsAgent?: HttpsAgent,
): Promise<Tool> {
  vi.spyOn(console, 'debug').mockImplementation(() => {})
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-mitm-'))
  const proxy = new MitmProxy()
  const errors: unknown[] = []
  proxy.onError((_, error) => {
    errors.push(error)
  })
  proxy.use(sessionModule({ opened: hallpass, ...options }))
  await new Promise<void>((resolve) => {
    proxy.listen(
      { host: '127.0.0.1', port: 0, sslCaDir: folder, keepAlive: true, ...(httpsAgent && { httpsAgent }) },
      () => resolve(),
    )
  })
  const ca = readFileSync(join(folder, 'certs', 'ca.pem'), 'utf8')
  const client = new undici.ProxyAgent({
    uri: `http://127.0.0.1:${proxy.httpPort}`,
    requestTls: { ca },
    proxyTunnel: false,
  })
  onTestFinished(async () => {
    await client.destroy()
    proxy.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    client,
    errors,
    get: (url, init = {}) => undici.request(url, { ...init, dispatcher: client } as never),
  }
}

describe('http-mitm-proxy with the module', () => {
  it('sends requests with the session, and brings back what the proxy of hallpass does', async () => {
    const { hallpass } = await signedInProgram({ 'site.test': await site(echo, 'site.test') })
    const { get } = await tool(hallpass)
    const { statusCode, headers, body } = await get('https://site.test/', { headers: { cookie: 'own=1' } })
    expect(statusCode).toBe(200)
    expect(await body.json()).toMatchObject({
      cookie: 'own=1; sid=cookie-canary',
      authorization: 'Bearer bearer-canary',
    })
    expect(headers['set-cookie']).toEqual(['shown=1', 'evil=1; Domain=other.test'])
    expect(headers['hallpass-captured']).toBe('seen, shown')
    expect(await hallpass.cookieHeader('https://site.test/')).toBe('sid=cookie-canary; seen=1; shown=1')
    expect(await hallpass.cookies('https://other.test/')).toEqual([])
  })

  it('leaves requests to other hosts to the agent of the tool', async () => {
    const other = await site(echo, 'other.test')
    const { hallpass } = await signedInProgram({ 'other.test': other })
    const lookup = (_host: string, options: { all?: boolean }, done: (...answer: unknown[]) => void) =>
      options.all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
    // hallpass would refuse this certificate: the host that it names is not the one that is asked.
    const httpsAgent = new HttpsAgent({ rejectUnauthorized: false, lookup: lookup as never })
    onTestFinished(() => httpsAgent.destroy())
    const { get } = await tool(hallpass, {}, httpsAgent)
    const { headers, body } = await get(`https://foreign.test:${other.port}/`)
    expect(headers).not.toHaveProperty('hallpass-captured')
    expect(headers['set-cookie']).toHaveLength(3)
    await body.dump()
    for (const secret of secrets) expect(other.received).not.toContain(secret)
  })

  it('sends neither Secure cookies nor tokens over plain http', async () => {
    const plain = await site(echo)
    const { hallpass } = await signedInProgram({ 'site.test:80': plain })
    const { get } = await tool(hallpass)
    const { statusCode, body } = await get('http://site.test/')
    await body.dump()
    expect(statusCode).toBe(200)
    for (const secret of secrets) expect(plain.received).not.toContain(secret)
  })

  it('sends nothing to an origin with a bad certificate, and answers what hallpass answers', async () => {
    const origin = await rawOrigin(() => {}, { certificate: certificateFor('stranger.test') })
    onTestFinished(() => origin[Symbol.asyncDispose]())
    const { hallpass } = await signedInProgram({ 'site.test': origin })
    const { get } = await tool(hallpass, {}, new HttpsAgent({ rejectUnauthorized: false }))
    const { statusCode, headers, body } = await get('https://site.test/')
    expect([statusCode, headers['hallpass-error']]).toEqual([502, 'upstream-certificate'])
    const text = await body.text()
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(origin.received).toBe('')
  })

  it('refuses what the limits refuse', async () => {
    const other = await site(echo, 'other.test')
    const { hallpass } = await signedInProgram({ 'other.test': other })
    const { get } = await tool(hallpass, { strict: true })
    const { statusCode, headers, body } = await get('https://other.test/')
    await body.dump()
    expect([statusCode, headers['hallpass-error']]).toEqual([403, 'policy'])
    expect(other.received).toBe('')
  })

  it('refreshes a rejected token once, and the client sees only the second answer', async () => {
    const arrived: ArrivedRequest[] = []
    const origin = await rawOrigin(guarded(arrived), { hosts: ['site.test'] })
    onTestFinished(() => origin[Symbol.asyncDispose]())
    await using tokens = await tokenEndpoint()
    const { hallpass } = await signedInProgram({ 'site.test': origin })
    await (await hallpass.session()).credentials.remove('api')
    await hallpass.saveTokens(
      'api',
      { kind: 'oauth2', hosts: ['site.test'], tokenEndpoint: tokens.url, clientId: 'tests' },
      JSON.stringify({ access_token: 'A1', refresh_token: 'R1', token_type: 'Bearer' }),
    )
    const { get } = await tool(hallpass)
    const { statusCode, body } = await get('https://site.test/act', { method: 'POST', body: 'hello' })
    expect([statusCode, await body.text()]).toEqual([200, 'ok'])
    expect(arrived.map(({ token, body }) => [token, body])).toEqual([
      ['A1', 'hello'],
      ['A2', 'hello'],
    ])
  })

  it('streams uploads and answers', async () => {
    const first = Promise.withResolvers<string>()
    const origin = await site(async (request: IncomingMessage, response) => {
      for await (const chunk of request) {
        first.resolve(String(chunk))
        response.write(chunk)
      }
      response.end()
    }, 'site.test')
    const { hallpass } = await signedInProgram({ 'site.test': origin })
    const { get } = await tool(hallpass)
    async function* parts() {
      yield Buffer.from('one ')
      yield Buffer.from(await first.promise)
    }
    const { body } = await get('https://site.test/', { method: 'PUT', body: parts() as never })
    expect(await body.text()).toBe('one one ')
  })

  it('leaves the origin when the client leaves', async () => {
    const origin = await rawOrigin((socket) => onHead(socket, () => {}), { hosts: ['site.test'] })
    onTestFinished(() => origin[Symbol.asyncDispose]())
    const { hallpass } = await signedInProgram({ 'site.test': origin })
    const { get } = await tool(hallpass)
    const abort = new AbortController()
    const answer = get('https://site.test/', { signal: abort.signal }).catch((error: unknown) => error)
    const socket = await origin.connected(1)
    await once(socket, 'data')
    abort.abort()
    expect(await answer).toMatchObject({ name: 'AbortError' })
    await left(socket)
  })

  it('opens WebSockets with the session', async () => {
    const server = createServer(certificateFor('site.test'))
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket, request) => {
      socket.on('message', (text) => socket.send(`${String(text)} from ${request.headers.cookie}`))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const { hallpass } = await signedInProgram({ 'site.test': { port } })
    const { client } = await tool(hallpass)
    const socket = new undici.WebSocket('wss://site.test/', { dispatcher: client })
    const message = Promise.withResolvers<unknown>()
    socket.addEventListener('open', () => socket.send('hello'))
    socket.addEventListener('message', ({ data }) => message.resolve(data))
    socket.addEventListener('error', ({ error }) => message.reject(error))
    expect(await message.promise).toBe('hello from sid=cookie-canary')
  })

  it('fails each request when the session is missing', async () => {
    const { hallpass } = await signedInProgram({})
    const { get, errors } = await tool(hallpass, { session: 'away' })
    const { statusCode, body } = await get('http://site.test/')
    await body.dump()
    expect(statusCode).toBe(504)
    expect(errors).toMatchObject([{ code: 'session-missing' }])
  })
})
