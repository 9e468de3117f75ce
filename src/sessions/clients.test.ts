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
    const { id, token } = clients.issue('default', narrowed)
    expect(await clients.authenticate('default', token.reveal())).toMatchObject({ scope: narrowed })
    expect(clients.revoke(id)).toEqual([])
    expect(clients.revoke(id)).toBeUndefined()
    expect(await clients.authenticate('default', token.reveal())).toBeUndefined()
  })

  it('names the logins that its requests needed, when it is revoked', async () => {
    const { id, token } = clients.issue('default', {})
    for (const name of ['b', 'a', 'b']) {
      const client = await clients.authenticate('default', token.reveal())
      client?.needsLogin?.add(name)
    }
    expect(clients.revoke(id)).toEqual(['a', 'b'])
  })

  it('opens no other session', async () => {
    await sessions.create({ name: 'work' })
    const { token } = clients.issue('work', {})
    expect(await clients.authenticate('default', token.reveal())).toBeUndefined()
  })

  it('for a session that is gone opens nothing', async () => {
    const { token } = clients.issue('work', {})
    expect(await clients.authenticate('work', token.reveal())).toBeUndefined()
  })

  it('is a new one each time, and never printed', () => {
    const issued = [clients.issue('default', {}), clients.issue('default', {})]
    expect(new Set(issued.flatMap(({ id, token }) => [id, token.reveal()])).size).toBe(4)
    expect(inspect(issued, { depth: 9 })).not.toContain(issued[0]?.token.reveal())
  })

  it('is refused when too many are issued', () => {
    for (let count = 0; count < 10_000; count++) clients.issue('default', {})
    expect(() => clients.issue('default', {})).toThrow('no more are issued')
  })
})
