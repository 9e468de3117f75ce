import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { left, onHead, rawOrigin } from '../support/origin.ts'
import { startTestProxy, type TestProxyOptions } from '../support/proxy.ts'
import { basic, type RawClient } from '../support/raw-client.ts'

const answer = (status: string, body: string, ...fields: readonly string[]) =>
  [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n')

/** Longer than a test: a connection that ends was not ended for its age. */
const neverTooOld = { pooledMs: 600_000 }

/** Authenticates a connection, in three legs or in one, and asks it for nothing more. */
async function stage(options: TestProxyOptions = {}, secure = true) {
  const authenticated: Socket[] = []
  const origin = await rawOrigin(
    (socket) => {
      let user = 'nobody'
      onHead(socket, (head) => {
        const [, token] = /^authorization: (?:ntlm|negotiate|hidden) (.+)$/im.exec(head) ?? []
        if (token === 'one') {
          socket.write(answer('401 Unauthorized', '', 'WWW-Authenticate: NTLM two'))
          return
        }
        if (token !== undefined) {
          user = token
          authenticated.push(socket)
        }
        if (head.startsWith('GET /open')) socket.write(answer('200 OK', user))
        else if (user === 'nobody')
          socket.write(answer('401 Unauthorized', '', 'WWW-Authenticate: Basic realm="a, b", NTLM'))
        else if (head.startsWith('GET /announced'))
          socket.write(answer('200 OK', user, 'Persistent-Auth: true'))
        else socket.write(answer('200 OK', user))
      })
    },
    secure ? { hosts: ['office.test'] } : {},
  )
  const proxy = await startTestProxy({
    ...options,
    resolve: { 'office.test': `127.0.0.1:${origin.port}` },
    rules: { intercept: 'all' },
  })
  return {
    origin,
    authenticated,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

async function get(client: RawClient, path: string, ...fields: readonly string[]) {
  return await request(client, `GET ${path}`, ...fields)
}

async function request(client: RawClient, line: string, ...fields: readonly string[]) {
  client.send([`${line} HTTP/1.1`, 'Host: office.test', ...fields, '', ''].join('\r\n'))
  return await client.response()
}

async function signIn(client: RawClient): Promise<void> {
  expect((await get(client, '/')).status).toBe(401)
  expect((await get(client, '/', 'Authorization: NTLM one')).head).toContain('WWW-Authenticate: NTLM two')
  expect(await get(client, '/', 'Authorization: NTLM ada')).toMatchObject({ status: 200, body: 'ada' })
}

describe('a connection that the origin has authenticated', () => {
  it('goes on to serve its client, and no other client of the session', async () => {
    await using s = await stage()
    const ada = await s.proxy.secure('office.test')
    await signIn(ada)
    const other = await s.proxy.secure('office.test')
    expect((await get(other, '/')).status).toBe(401)
    expect(await get(other, '/open')).toMatchObject({ status: 200, body: 'nobody' })
    expect(await get(ada, '/')).toMatchObject({ status: 200, body: 'ada' })
  })

  it('serves no child of `run --only`', async () => {
    await using s = await stage({}, false)
    const { token } = s.proxy.clients.issue(s.proxy.session, { only: [parseHostPattern('other.test')] })
    const ask = async (client: RawClient, password: string, ...fields: readonly string[]) =>
      get(client, 'http://office.test/open', `Proxy-Authorization: ${basic('default', password)}`, ...fields)
    const ada = await s.proxy.client()
    expect(await ask(ada, s.proxy.token, 'Authorization: NTLM ada')).toMatchObject({ body: 'ada' })
    const child = await s.proxy.client()
    expect(await ask(child, token.reveal())).toMatchObject({ status: 200, body: 'nobody' })
  })

  it('goes on to serve a request that must not be sent twice, however long it was idle', async () => {
    await using s = await stage({ limits: { onceMs: 0 } })
    const ada = await s.proxy.secure('office.test')
    await signIn(ada)
    expect(await request(ada, 'POST /', 'Content-Length: 0')).toMatchObject({ status: 200, body: 'ada' })
  })

  it('ends with its client', async () => {
    await using s = await stage({ limits: neverTooOld })
    const ada = await s.proxy.secure('office.test')
    await signIn(ada)
    ada[Symbol.dispose]()
    await Promise.all(s.authenticated.map(left))
  })

  it("ends when its client's connection becomes a tunnel", async () => {
    await using s = await stage({ limits: neverTooOld }, false)
    const ada = await s.proxy.client()
    const authorization = `Proxy-Authorization: ${s.proxy.authorization}`
    expect(await get(ada, 'http://office.test/', authorization, 'Authorization: NTLM ada')).toMatchObject({
      body: 'ada',
    })
    expect(await request(ada, 'CONNECT office.test:80', authorization)).toMatchObject({ status: 200 })
    await Promise.all(s.authenticated.map(left))
  })

  it('ends for a newer one where too many are idle', async () => {
    await using s = await stage({ limits: { ...neverTooOld, idleTotal: 1 } })
    const first = await s.proxy.secure('office.test')
    await signIn(first)
    const second = await s.proxy.secure('office.test')
    await signIn(second)
    const [socket] = s.authenticated
    if (socket !== undefined) await left(socket)
    expect(await get(second, '/')).toMatchObject({ status: 200, body: 'ada' })
    expect(await get(first, '/')).toMatchObject({ status: 401 })
  })

  it('serves no request to another origin', async () => {
    await using a = await rawOrigin((socket) => onHead(socket, () => socket.write(answer('200 OK', 'A'))))
    await using b = await rawOrigin((socket) => onHead(socket, () => socket.write(answer('200 OK', 'B'))))
    await using proxy = await startTestProxy({
      resolve: { 'a.test': `127.0.0.1:${a.port}`, 'b.test': `127.0.0.1:${b.port}` },
    })
    const client = await proxy.client()
    for (const [host, body] of [
      ['a.test', 'A'],
      ['b.test', 'B'],
    ]) {
      client.send(
        `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: ${proxy.authorization}\r\nAuthorization: NTLM x\r\n\r\n`,
      )
      expect(await client.response()).toMatchObject({ status: 200, body })
    }
  })

  it.each([
    ['by Authorization alone', ['/open', 'Authorization: Negotiate ada']],
    ['by Persistent-Auth, whatever the scheme', ['/announced', 'Authorization: Hidden ada']],
  ] as const)('is noticed %s', async (_, [path, field]) => {
    await using s = await stage()
    const ada = await s.proxy.secure('office.test')
    expect(await get(ada, path, field)).toMatchObject({ body: 'ada' })
    const other = await s.proxy.secure('office.test')
    expect(await get(other, '/open')).toMatchObject({ body: 'nobody' })
    expect(await get(ada, '/open')).toMatchObject({ body: 'ada' })
  })

  it('ends when another client speaks on the connection of the first', async () => {
    await using s = await stage({}, false)
    const { token } = s.proxy.clients.issue(s.proxy.session, {})
    const shared = await s.proxy.client()
    const ask = (password: string, ...fields: readonly string[]) =>
      get(shared, 'http://office.test/open', `Proxy-Authorization: ${basic('default', password)}`, ...fields)
    expect(await ask(s.proxy.token, 'Authorization: NTLM ada')).toMatchObject({ body: 'ada' })
    expect(await ask(s.proxy.token)).toMatchObject({ body: 'ada' })
    expect(await ask(token.reveal())).toMatchObject({ body: 'nobody' })
  })
})

it('a connection with any other answer stays in the pool for all clients of the session', async () => {
  await using s = await stage()
  const first = await s.proxy.secure('office.test')
  expect(await get(first, '/open', 'Authorization: Basic abc')).toMatchObject({ body: 'nobody' })
  const connections = s.proxy.proxy.stats().pooled
  const second = await s.proxy.secure('office.test')
  expect(await get(second, '/open')).toMatchObject({ body: 'nobody' })
  expect(s.origin.connections).toHaveLength(connections)
})
