import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { SmallStore } from '../../../test/support/small-store.ts'
import type { OAuth2Definition, OAuth2Value } from '../../credentials/oauth2.ts'
import type { Json, RecordId } from '../../store/store.ts'
import { SessionRecords } from '../session-records.ts'
import { SealedTokens } from './sealed-tokens.ts'

const id: RecordId = { kind: 'credential', session: 'default', name: 'api' }
const now = Date.UTC(2026, 0, 1)

let store: SmallStore
let sealed: SealedTokens
let changes: number
const value = (number: number, more: Partial<OAuth2Value> = {}): OAuth2Value => ({
  tokens: { accessToken: `access-${number}`, refreshToken: `refresh-${number}`, receivedAt: now },
  refreshes: number,
  ...more,
})
const record = (secret: OAuth2Value, kind = 'oauth2') =>
  ({
    kind,
    hosts: ['api.test'],
    options: { clientId: 'c' },
    secret,
    createdAt: 'then',
    updatedAt: 'then',
  }) as unknown as Json
const onDisk = async () =>
  ((await store.read(id))?.value as unknown as { secret: OAuth2Value } | undefined)?.secret
const made = () => new SealedTokens(store, id, { now: () => now, changed: () => void changes++ })

beforeEach(async () => {
  store = new SmallStore()
  changes = 0
  sealed = made()
  onTestFinished(() => sealed.flush())
  await store.addSession({ name: 'default', id: 'one', createdAt: '' })
  await store.update(id, () => record(value(1)))
})

const definition: OAuth2Definition = { kind: 'oauth2', clientId: 'c' }
const tokens = () => sealed.of(definition)

/** The disk is full after the note. */
const keepTwo = () =>
  tokens().exclusive(async ({ value: before, save, keep }) => {
    await save({ ...before, attempt: { since: now } })
    store.full = true
    return keep(value(2))
  })

describe('tokens', () => {
  it('are read and saved, and the rest of the record stays', async () => {
    expect(await tokens().read()).toEqual(value(1))
    await tokens().exclusive(async ({ value: before, unsaved, save }) => {
      expect([before, unsaved]).toEqual([value(1), false])
      await save(value(2))
    })
    expect((await store.read(id))?.value).toEqual({
      ...(record(value(2)) as object),
      updatedAt: new Date(now).toISOString(),
    })
    expect(changes).toBe(0)
  })

  it('are missing without a record and in a record of another kind, and damaged when they are not tokens', async () => {
    await store.update(id, () => record(value(1), 'bearer'))
    await expect(tokens().exclusive(async () => 'in')).rejects.toMatchObject({ code: 'credential-missing' })
    await store.update(id, () => record({ tokens: 1 } as unknown as OAuth2Value))
    await expect(tokens().exclusive(async () => 'in')).rejects.toMatchObject({ code: 'record-damaged' })
    await store.update(id, () => undefined)
    expect(await tokens().read()).toBeUndefined()
    await expect(tokens().exclusive(async () => 'in')).rejects.toMatchObject({ code: 'credential-missing' })
  })
})

it('tokens go only to the server that they came from, also when they were set again meanwhile', async () => {
  const other = sealed.of({ ...definition, tokenEndpoint: 'https://other.test/' })
  expect(await other.read()).toBeUndefined()
  await expect(other.exclusive(async ({ value: seen }) => seen)).rejects.toMatchObject({
    code: 'credential-missing',
  })
})

describe('tokens that the disk does not take', () => {
  it('hold in this process, and the record stays', async () => {
    expect(await keepTwo()).toBe('kept')
    expect(await tokens().read()).toEqual(value(2))
    expect(await onDisk()).toEqual(value(1, { attempt: { since: now } }))
    expect(changes).toBe(1)
    await tokens().exclusive(async ({ value: before, unsaved }) => {
      expect([before, unsaved]).toEqual([value(2), true])
    })
  })

  it('are saved first at the next chance', async () => {
    await keepTwo()
    store.full = false
    await tokens().exclusive(async ({ value: before, unsaved }) => {
      expect([before, unsaved]).toEqual([value(2), false])
      expect(await onDisk()).toEqual(value(2))
    })
    expect(await made().of(definition).read()).toEqual(value(2))
    expect(changes).toBe(2)
  })

  it('are saved without a caller when there is room again', async () => {
    await keepTwo()
    store.full = false
    await expect.poll(onDisk).toEqual(value(2))
  })

  it('are saved at the end', async () => {
    await keepTwo()
    await sealed.flush() // still full
    expect(await tokens().read()).toEqual(value(2))
    store.full = false
    await sealed.flush()
    expect(await onDisk()).toEqual(value(2))
  })

  it('replace a record in which others only noted an attempt', async () => {
    await keepTwo()
    await store.update(id, () => record(value(1, { needsLogin: { since: now, reason: 'invalid_grant' } })))
    expect(await tokens().read()).toEqual(value(2))
  })

  it('give way to tokens of a new login', async () => {
    await keepTwo()
    await store.update(id, () => record(value(9)))
    expect(await tokens().read()).toEqual(value(9))
    store.full = false
    await tokens().exclusive(async ({ value: before, unsaved }) => {
      expect([before, unsaved]).toEqual([value(9), false])
    })
    expect(changes).toBe(2)
    await sealed.flush()
    expect(await onDisk()).toEqual(value(9))
  })

  it('are dropped with the session', async () => {
    const records = new SessionRecords(store, { name: 'default', id: 'one', createdAt: '' })
    sealed = new SealedTokens(records, id, { now: () => now, changed: () => void changes++ })
    await keepTwo()
    await store.removeSession('default')
    await store.addSession({ name: 'default', id: 'two', createdAt: '' })
    await store.update(id, () => record(value(1)))
    store.full = false
    await sealed.flush()
    expect(await onDisk()).toEqual(value(1))
    expect(sealed.over(value(1))).toEqual(value(1))
  })

  it('are dropped with the credential', async () => {
    await keepTwo()
    await store.update(id, () => undefined)
    store.full = false
    await sealed.flush()
    expect(await tokens().read()).toBeUndefined()
    expect(await store.read(id)).toBeUndefined()
  })
})

it('another failure than that of the disk is an error', async () => {
  const failing = tokens().exclusive(async ({ keep }) => {
    await store.removeSession('default')
    return keep(value(2))
  })
  await expect(failing).rejects.toMatchObject({ code: 'session-missing' })
})
