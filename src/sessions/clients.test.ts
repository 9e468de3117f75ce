import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { ruleSet, scope, now as start } from '../../test/support/material.ts'
import { MemoryStore } from '../store/memory.ts'
import { Clients } from './clients.ts'
import { Sessions } from './sessions.ts'

let sessions: Sessions
let clients: Clients
let now = start
beforeEach(async () => {
  now = start
  sessions = new Sessions({ store: new MemoryStore(), config: ruleSet(), now: () => now })
  clients = new Clients(sessions)
})

describe("a session's own token", () => {
  it('is 32 random bytes, the same for everybody who asks at once, and opens only that session', async () => {
    const work = await sessions.create({ name: 'work' })
    const asked = [1, 2, 3].map(() => clients.sessionToken('work'))
    const tokens = (await Promise.all(asked)).map((secret) => secret.reveal())
    const [token = ''] = tokens
    expect(new Set(tokens).size).toBe(1)
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await clients.authenticate('work', token)).toMatchObject({ session: work, scope: {} })
    expect(await clients.authenticate('default', token)).toBeUndefined()
    await clients.sessionToken('default')
    expect(await clients.authenticate('default', token)).toBeUndefined()
  })

  it('ends with its process', async () => {
    const store = new MemoryStore()
    const started = () => new Clients(new Sessions({ store, config: ruleSet() }))
    const token = (await started().sessionToken('default')).reveal()
    const again = started()
    expect(await again.authenticate('default', token)).toBeUndefined()
    expect((await again.sessionToken('default')).reveal()).not.toBe(token)
    expect(await again.authenticate('default', token)).toBeUndefined()
  })

  it('does not exist before its first use, and then opens nothing', async () => {
    await sessions.get('default')
    expect(await clients.authenticate('default', '')).toBeUndefined()
    expect(await clients.authenticate('default', 'undefined')).toBeUndefined()
  })

  it('is gone with the session', async () => {
    await sessions.create({ name: 'work' })
    const token = (await clients.sessionToken('work')).reveal()
    await sessions.remove('work')
    await expect(clients.authenticate('work', token)).rejects.toMatchObject({ code: 'session-missing' })
    await sessions.create({ name: 'work' })
    expect(await clients.authenticate('work', token)).toBeUndefined()
    await expect(clients.sessionToken('gone')).rejects.toMatchObject({ code: 'session-missing' })
  })

  it('is gone when another process has removed the session and made it again', async () => {
    const store = new MemoryStore()
    const running = new Clients(new Sessions({ store, config: ruleSet() }))
    const token = (await running.sessionToken('default')).reveal()
    const another = new Sessions({ store, config: ruleSet() })
    await another.remove('default')
    await another.get('default')
    expect(await running.authenticate('default', token)).toBeUndefined()
  })

  it('ends with its connections when it is rotated, and the tokens of children stay', async () => {
    const child = clients.issue(await sessions.get('default'), {}).token.reveal()
    const token = (await clients.sessionToken('default')).reveal()
    const client = await clients.authenticate('default', token)
    expect(client?.revoked.aborted).toBe(false)
    await clients.rotate('default')
    expect(client?.revoked.aborted).toBe(true)
    expect(await clients.authenticate('default', token)).toBeUndefined()
    const next = (await clients.sessionToken('default')).reveal()
    expect(next).not.toBe(token)
    const served = [await clients.authenticate('default', next), await clients.authenticate('default', child)]
    for (const client of served) expect(client?.revoked.aborted).toBe(false)
  })

  it('can be rotated before its first use; a missing session is an error', async () => {
    await clients.rotate('default')
    await expect(clients.rotate('gone')).rejects.toMatchObject({ code: 'session-missing' })
  })
})

it.each([
  ['nobody', 'x'],
  ['', ''],
  ['__proto__', 'x'],
  ['../default', 'x'],
  ['DEFAULT', 'x'],
  ['default', 'x'.repeat(100_000)],
])('does not let %j in with a wrong token', async (user, password) => {
  await clients.sessionToken('default')
  expect(await clients.authenticate(user, password)).toBeUndefined()
})

describe('a token for a child', () => {
  it('opens its session with its scope, until it is revoked', async () => {
    const narrowed = scope({ only: ['a.test'], strict: true })
    const { id, token } = clients.issue(await sessions.get('default'), narrowed)
    expect(await clients.authenticate('default', token.reveal())).toMatchObject({ scope: narrowed })
    expect(clients.revoke(id)).toMatchObject({ requests: 0, needsLogin: [] })
    expect(clients.revoke(id)).toBeUndefined()
    expect(await clients.authenticate('default', token.reveal())).toBeUndefined()
  })

  it('names the logins that its requests needed, when it is revoked', async () => {
    const { id, token } = clients.issue(await sessions.get('default'), {})
    for (const name of ['b', 'a', 'b']) {
      const client = await clients.authenticate('default', token.reveal())
      client?.report.needsLogin(name)
    }
    expect(clients.revoke(id)?.needsLogin).toEqual(['a', 'b'])
    expect(clients.report.summary).not.toHaveProperty('needsLogin')
  })

  it('opens no other session', async () => {
    const { token } = clients.issue(await sessions.create({ name: 'work' }), {})
    expect(await clients.authenticate('default', token.reveal())).toBeUndefined()
  })

  it('says that its session has expired, and says so to nobody else', async () => {
    const work = await sessions.create({ name: 'work', ttlSeconds: 60 })
    const tokens = [clients.issue(work, {}).token, await clients.sessionToken('work')]
    const { id, token: revoked } = clients.issue(work, {})
    clients.revoke(id)
    now += 60_000
    for (const token of tokens) {
      await expect(clients.authenticate('work', token.reveal())).rejects.toMatchObject({
        message: 'the session "work" has expired',
        hint: 'hallpass session create work',
      })
    }
    expect(await clients.authenticate('work', revoked.reveal())).toBeUndefined()
    expect(await clients.authenticate('work', 'x')).toBeUndefined()
    await sessions.create({ name: 'work' })
    for (const token of tokens) expect(await clients.authenticate('work', token.reveal())).toBeUndefined()
  })

  it('ends with its session, and opens no session that is made again under the name', async () => {
    const { token } = clients.issue(await sessions.create({ name: 'work' }), {})
    const client = await clients.authenticate('work', token.reveal())
    await sessions.remove('work')
    expect(client?.revoked.aborted).toBe(true)
    const refused = clients.authenticate('work', token.reveal())
    await expect(refused).rejects.toMatchObject({ message: 'the session "work" was removed' })
    await sessions.create({ name: 'work' })
    expect(await clients.authenticate('work', token.reveal())).toBeUndefined()
  })

  it('is a new one each time, and never printed', async () => {
    const session = await sessions.get('default')
    const issued = [clients.issue(session, {}), clients.issue(session, {})]
    expect(new Set(issued.flatMap(({ id, token }) => [id, token.reveal()])).size).toBe(4)
    expect(inspect(issued, { depth: 9 })).not.toContain(issued[0]?.token.reveal())
  })

  it('is refused when too many are issued', async () => {
    const session = await sessions.get('default')
    for (let count = 0; count < 10_000; count++) clients.issue(session, {})
    expect(() => clients.issue(session, {})).toThrow('no more are issued')
  })
})
