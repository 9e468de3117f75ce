import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import * as undici from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { sessionDispatcher } from '../../src/adapters/undici.ts'
import { certificateFor, httpOrigin, type TestOrigin } from '../support/origin.ts'
import { secrets, signedInProgram } from '../support/signed-in-program.ts'

/** Says who asks, and sets a cookie. */
async function site(...hosts: readonly string[]): Promise<TestOrigin> {
  const origin = await httpOrigin(
    (request, response) => {
      response.setHeader('Set-Cookie', 'seen=1; HttpOnly')
      if (request.url === '/away') response.writeHead(302, { Location: 'https://other.test/' })
      response.end(JSON.stringify(request.headers))
    },
    { hosts },
  )
  onTestFinished(() => origin[Symbol.asyncDispose]())
  return origin
}

describe('the dispatcher for undici', () => {
  it('signs in request, stream and pipeline, and follows the life of an Agent', async () => {
    const { hallpass } = await signedInProgram({ 'site.test': await site('site.test') })
    const dispatcher = sessionDispatcher(hallpass)
    const { body, headers } = await undici.request('https://site.test/', { dispatcher })
    expect(await body.json()).toMatchObject({ authorization: 'Bearer bearer-canary' })
    expect(headers).toMatchObject({ 'hallpass-captured': 'seen' })
    expect(headers).not.toHaveProperty('set-cookie')
    let streamed = ''
    await undici.stream('https://site.test/', { dispatcher, method: 'GET' }, () => {
      return new Writable({
        write(chunk, _, callback) {
          streamed += String(chunk)
          callback()
        },
      })
    })
    expect(streamed).toContain('sid=cookie-canary; seen=1')
    await dispatcher.close()
    await expect(undici.request('https://site.test/', { dispatcher })).rejects.toThrow(/closed|destroyed/)
  })

  it("plans each redirect of undici's interceptor afresh", async () => {
    const other = await site('other.test')
    const { hallpass } = await signedInProgram({ 'site.test': await site('site.test'), 'other.test': other })
    const dispatcher = sessionDispatcher(hallpass).compose(
      undici.interceptors.redirect({ maxRedirections: 3 }),
    )
    const { statusCode, body } = await undici.request('https://site.test/away', { dispatcher })
    expect(statusCode).toBe(200)
    await body.dump()
    for (const secret of secrets) expect(other.received).not.toContain(secret)
  })

  it("may be the global one, which Node's own fetch then takes too", async () => {
    const before = undici.getGlobalDispatcher()
    onTestFinished(() => undici.setGlobalDispatcher(before))
    const { hallpass } = await signedInProgram({ 'site.test': await site('site.test') })
    undici.setGlobalDispatcher(sessionDispatcher(hallpass))
    const answers = await Promise.all([fetch('https://site.test/'), undici.fetch('https://site.test/')])
    for (const answer of answers)
      expect(await answer.json()).toMatchObject({ authorization: 'Bearer bearer-canary' })
  })

  it('fails with the error of hallpass itself', async () => {
    const { hallpass } = await signedInProgram({ 'other.test': await site('other.test') })
    const dispatcher = sessionDispatcher(hallpass, { strict: true })
    await expect(undici.request('https://other.test/', { dispatcher })).rejects.toMatchObject({
      code: 'policy',
    })
    const away = sessionDispatcher(hallpass, { session: 'away' })
    await expect(undici.request('https://other.test/', { dispatcher: away })).rejects.toMatchObject({
      code: 'session-missing',
    })
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
      server.closeAllConnections()
      for (const socket of sockets.clients) socket.terminate()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const { hallpass } = await signedInProgram({ 'site.test': { port } })
    const socket = new undici.WebSocket('wss://site.test/', { dispatcher: sessionDispatcher(hallpass) })
    socket.addEventListener('open', () => socket.send('hello'))
    const message = Promise.withResolvers<unknown>()
    socket.addEventListener('message', ({ data }) => message.resolve(data))
    socket.addEventListener('error', ({ error }) => message.reject(error))
    expect(await message.promise).toBe('hello from sid=cookie-canary')
  })
})
