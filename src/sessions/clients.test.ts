import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { now, ruleSet, scope } from '../../test/support/material.ts'
import type { Secret } from '../secret.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Change, RecordId } from '../store/store.ts'
import { Clients } from './clients.ts'
import { Sessions } from './sessions.ts'

let sessions: Sessions
let clients: Clients
beforeEach(async () => {
  sessions = new Sessions({ store: new MemoryStore(), config: ruleSet(), now: () => now })
  clients = new Clients(sessions)
})

describe("a session's own token", () => {
  it('is 32 random bytes, the same for everybody who asks at once, and opens only that session', async () => {
    const work = await sessions.create({ name: 'work' })
    const tokens = await Promise.all([work.clientToken(), work.clientToken(), work.clientToken()])
    const [token = ''] = tokens.map((secret) => secret.reveal())
    expect(new Set(tokens.map((secret) => secret.reveal())).size).toBe(1)
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await clients.authenticate('work', token)).toMatchObject({ session: work, scope: {} })
    expect(await clients.authenticate('default', token)).toBeUndefined()
  })

  it('is the same for two processes that make it at the same time', async () => {
    class Interrupted extends MemoryStore {
      by: (() => Promise<unknown>) | undefined
      override async update(id: RecordId, change: Change) {
        const by = this.by
        this.by = undefined
        await by?.()
        return super.update(id, change)
      }
    }
    const store = new Interrupted()
    const open = async () => new Sessions({ store, config: ruleSet() }).get('default')
    const [one, two] = [await open(), await open()]
    const given: Secret[] = []
    store.by = async () => given.push(await one.clientToken())
    const token = await two.clientToken()
    expect((await one.clientToken()).reveal()).toBe(token.reveal())
    expect((await two.clientToken()).reveal()).toBe(token.reveal())
    const [first] = given
    expect(first?.reveal()).toBe(token.reveal())
  })

  it('holds after a restart', async () => {
    const store = new MemoryStore()
    const first = new Sessions({ store, config: ruleSet() })
    const token = await (await first.get('default')).clientToken()
    const second = new Clients(new Sessions({ store, config: ruleSet() }))
    expect(await second.authenticate('default', token.reveal())).toBeDefined()
  })

  it('does not exist before its first use, and then opens nothing', async () => {
    await sessions.get('default')
    expect(await clients.authenticate('default', '')).toBeUndefined()
    expect(await clients.authenticate('default', 'undefined')).toBeUndefined()
  })

  it('is gone with the session', async () => {
    const token = (await (await sessions.create({ name: 'work' })).clientToken()).reveal()
    await sessions.remove('work')
    expect(await clients.authenticate('work', token)).toBeUndefined()
    await sessions.create({ name: 'work' })
    expect(await clients.authenticate('work', token)).toBeUndefined()
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
  await (await sessions.get('default')).clientToken()
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
  })

  it('opens no other session', async () => {
    const { token } = clients.issue(await sessions.create({ name: 'work' }), {})
    expect(await clients.authenticate('default', token.reveal())).toBeUndefined()
  })

  it('ends with its session, and opens no session that is made again under the name', async () => {
    const { token } = clients.issue(await sessions.create({ name: 'work' }), {})
    const client = await clients.authenticate('work', token.reveal())
    await sessions.remove('work')
    expect(client?.revoked.aborted).toBe(true)
    expect(await clients.authenticate('work', token.reveal())).toBeUndefined()
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
