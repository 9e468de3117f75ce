import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/sessions/session.ts'
import { scratchStore } from '../store/scratch.ts'
import { onHead, rawOrigin } from '../support/origin.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { basic, type RawClient } from '../support/raw-client.ts'

const names = ['ada', 'bob', 'eve'] as const
const host = 'site.test'
const dummy = 'sk-dummy-0123456789'

/** A request as the origin got it. */
interface Got {
  readonly connection: number
  readonly head: string
}

/** One origin, one proxy, and three sessions with secrets of their own for the same host. */
async function stage() {
  const got: Got[] = []
  const resumed: boolean[] = []
  const origin = await rawOrigin(
    (socket, connection) => {
      resumed.push((socket as TLSSocket).isSessionReused())
      let count = 0
      onHead(socket, (head) => {
        got.push({ connection, head })
        const owner = /^Authorization: Bearer token-(\w+)/im.exec(head)?.[1] ?? 'nobody'
        const cookie = `Set-Cookie: sid=${owner}-${connection}-${count++}; HttpOnly; Secure`
        socket.write(`HTTP/1.1 200 OK\r\n${cookie}\r\nContent-Length: ${owner.length}\r\n\r\n${owner}`)
      })
    },
    { hosts: [host] },
  )
  const { store } = await scratchStore()
  const proxy = await startTestProxy({ store, resolve: { [host]: `127.0.0.1:${origin.port}` } })
  const sessions: Session[] = []
  for (const name of names) {
    const session = await proxy.sessions.create({ name })
    await session.credentials.set('api', { kind: 'bearer', hosts: [host] }, `token-${name}`)
    const placeholder = { kind: 'placeholder', placeholder: dummy, hosts: [host] }
    await session.credentials.set('key', placeholder, `key-${name}`)
    await session.cookies.set(`https://${host}/`, { name: 'own', value: `cookie-${name}` })
    sessions.push(session)
  }
  return {
    got,
    resumed,
    origin,
    proxy,
    sessions,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

function connecting(user: string, password: string): string {
  return `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\nProxy-Authorization: ${basic(user, password)}\r\n\r\n`
}

async function opened(proxy: TestProxy, session: Session): Promise<RawClient> {
  const { token } = proxy.clients.issue(session, {})
  const client = await proxy.client()
  client.send(connecting(session.name, token.reveal()))
  await client.until(/\r\n\r\n/)
  return client.secure({ ca: proxy.caPem, servername: host })
}

/** Sends a request with the dummy, and returns what came back. */
async function asks(client: RawClient): Promise<string> {
  client.send(`GET /me HTTP/1.1\r\nHost: ${host}\r\nX-Key: ${dummy}\r\n\r\n`)
  const { head, body } = await client.response()
  return head + body
}

describe('sessions that speak to one origin through one proxy at the same time', () => {
  it('attach, capture, list and pool nothing of each other', async () => {
    await using s = await stage()
    const answers = await Promise.all(
      s.sessions.map(async (session) => {
        const own: string[] = []
        // New connections and reused ones, beside those of the others.
        for (let round = 0; round < 4; round++) {
          const client = await opened(s.proxy, session)
          for (let request = 0; request < 3; request++) own.push(await asks(client))
          client.socket.destroy()
        }
        return own
      }),
    )
    expect(s.got).toHaveLength(36)
    const ownerOf = new Map<number, string>()
    for (const { connection, head } of s.got) {
      const owner = /^Authorization: Bearer token-(\w+)/im.exec(head)?.[1] ?? ''
      expect(names).toContain(owner)
      expect(head).toContain(`own=cookie-${owner}`)
      expect(head).toContain(`X-Key: key-${owner}`)
      for (const other of names.filter((name) => name !== owner)) expect(head).not.toContain(other)
      // Each connection to the origin serves one session.
      expect(ownerOf.get(connection) ?? owner).toBe(owner)
      ownerOf.set(connection, owner)
    }
    for (const [index, session] of s.sessions.entries()) {
      const others = names.filter((name) => name !== session.name)
      const held = JSON.stringify([
        answers[index],
        await session.cookies.list(),
        await session.storage.list(),
        (await session.credentials.get('api')).value?.reveal(),
        (await session.credentials.get('key')).value?.reveal(),
        session.metadata,
      ])
      expect(held).toContain(session.name)
      for (const other of others) expect(held).not.toContain(other)
    }
  })

  it('resume no TLS session of each other', async () => {
    await using s = await stage()
    for (const session of s.sessions) {
      const client = await opened(s.proxy, session)
      await asks(client)
    }
    expect(s.resumed).toEqual([false, false, false])
  })

  it('do not open each other with their client tokens', async () => {
    await using s = await stage()
    const [ada, bob] = s.sessions
    const own = s.proxy.clients.issue(ada as Session, {}).token
    const whole = await s.proxy.clients.sessionToken('ada')
    for (const token of [own, whole]) {
      const client = await s.proxy.client()
      client.send(connecting((bob as Session).name, token.reveal()))
      expect((await client.response()).status).toBe(407)
    }
    expect(s.got).toEqual([])
  })

  it('leave the others as they are when one is removed', async () => {
    await using s = await stage()
    const [ada, bob] = s.sessions
    const client = await opened(s.proxy, bob as Session)
    await asks(client)
    await s.proxy.sessions.remove((ada as Session).name)
    expect(await asks(client)).toContain('bob')
    expect((await (bob as Session).cookies.list()).map(({ name }) => name).sort()).toEqual(['own', 'sid'])
  })
})
