import { fc, test } from '@fast-check/vitest'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ruleSet, now as start } from '../../../test/support/material.ts'
import { type CredentialDefinition, credentialDefinitionSchema } from '../../credentials/kinds.ts'
import { MemoryStore } from '../../store/memory.ts'
import type { Session } from '../session.ts'
import { Sessions } from '../sessions.ts'

const origin = 'https://app.example.com'
const page = { kind: 'web-storage', origin, key: 'auth' }
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

let now: number
let store: MemoryStore
let session: Session
const open = async (configured: Readonly<Record<string, object>> = {}) => {
  const credentials = new Map(
    Object.entries(configured).map(([name, input]): [string, CredentialDefinition] => [
      name,
      credentialDefinitionSchema(z).parse(input),
    ]),
  )
  const rules = ruleSet([{ hosts: ['evil.test', 'www.example.com'], credential: 'ruled' }])
  return new Sessions({ store, config: { ...rules, credentials }, now: () => now }).get('default')
}
beforeEach(async () => {
  now = start
  store = new MemoryStore()
  session = await open()
})
const storeIn = (to: Session, token: string, of = origin) =>
  to.importInto(
    {
      cookies: [],
      skipped: [],
      origins: [
        {
          where: of,
          storage: { origin: of, localStorage: [['auth', token]], sessionStorage: [], indexedDB: [] },
        },
      ],
    },
    { mode: 'replace' },
  )
const sent = async (host = 'app.example.com', from = session) => {
  const request = { scheme: 'https', host, port: 443, path: '/', method: 'GET', site: 'same-site' } as const
  const [credential] = (await from.plan(request, {})).credentials.attached
  return credential?.source.from === 'value' ? credential.source.value.reveal() : undefined
}
const why = async (host = 'app.example.com') =>
  (await session.explain(`https://${host}/`)).credentials.withheld[0]?.reason

describe('a credential of the kind web-storage', () => {
  it('sends the stored token of the page, and its next one', async () => {
    await session.credentials.set('page', { ...page, hosts: ['app.example.com'] }, undefined)
    expect(await why()).toBe(`there is no auth in the web storage of ${origin}: hallpass login ${origin}`)
    for (const token of ['one', 'two', 'three']) {
      await storeIn(session, token)
      expect(await sent()).toBe(`Bearer ${token}`)
    }
    await session.storage.clear(origin)
    expect(await sent()).toBeUndefined()
  })

  it('sees a capture by another process', async () => {
    await session.credentials.set('page', { ...page, hosts: ['app.example.com'] }, undefined)
    await storeIn(session, 'one')
    expect(await sent()).toBe('Bearer one')
    await storeIn(await open(), 'two')
    expect(await sent()).toBe('Bearer two')
  })

  it('reads only its own origin', async () => {
    await session.credentials.set('page', { ...page, hosts: ['app.example.com'] }, undefined)
    await storeIn(session, 'other', 'https://www.example.com')
    expect(await sent()).toBeUndefined()
  })

  it('goes only to the hosts that were given when it was set', async () => {
    await session.credentials.set('page', { ...page, hosts: ['api.other.test'] }, undefined)
    await storeIn(session, 'one')
    expect(await sent('api.other.test')).toBe('Bearer one')
    for (const host of ['app.example.com', 'other.test', 'evil.test'])
      expect(await sent(host)).toBeUndefined()
  })

  it('stays within its site where only the configuration names its hosts', async () => {
    session = await open({
      page: { ...page, hosts: ['api.example.com', 'evil.test', 'example.com.evil.test'] },
      ruled: { ...page, header: 'X-Token' },
    })
    await storeIn(session, 'one')
    expect(await sent('api.example.com')).toBe('Bearer one')
    expect(await sent('www.example.com')).toBe('one')
    expect(await sent('example.com.evil.test')).toBeUndefined()
    expect(await sent('evil.test')).toBeUndefined()
    expect(await why('evil.test')).toBe('it is only for example.com, *.example.com')
  })

  it('goes to another site after its owner has sealed those hosts', async () => {
    session = await open({ page: { ...page, hosts: ['api.other.test'] } })
    await storeIn(session, 'one')
    expect(await sent('api.other.test')).toBeUndefined()
    await session.credentials.set('page', { hosts: ['api.other.test'] }, undefined)
    expect(await sent('api.other.test')).toBe('Bearer one')
  })

  it('is withheld after its JWT has expired, with a minute for clocks that differ', async () => {
    await session.credentials.set('page', { ...page, hosts: ['app.example.com'] }, undefined)
    const token = jwt({ exp: start / 1000 + 60 })
    await storeIn(session, token)
    expect(await sent()).toBe(`Bearer ${token}`)
    const { freshness } = (await session.explain(`${origin}/`)).credentials.attached[0] ?? {}
    expect(freshness).toMatchObject({ expiresAt: start + 60_000, refreshable: false })
    now = start + 120_000
    expect(await sent()).toBe(`Bearer ${token}`)
    now = start + 240_000
    expect(await sent()).toBeUndefined()
    expect(await why()).toBe(`expired 3 min ago: hallpass login ${origin}`)
    const plan = await session.explain(`${origin}/`)
    expect(plan.credentials.withheld[0]?.freshness?.needsLogin).toBe(
      `expired 3 min ago: hallpass login ${origin}`,
    )
    await storeIn(session, jwt({ exp: start / 1000 + 3600 }))
    expect(await sent()).toBe(`Bearer ${jwt({ exp: start / 1000 + 3600 })}`)
  })

  it('has no value of its own, and shows the read one to a caller that names it', async () => {
    const set = session.credentials.set('page', { ...page, hosts: ['app.example.com'] }, 'abc')
    await expect(set).rejects.toMatchObject({ code: 'usage' })
    await session.credentials.set('page', { ...page, hosts: ['app.example.com'] }, undefined)
    await storeIn(session, 'one')
    expect((await session.credentials.get('page')).value?.reveal()).toBe('one')
    expect(await session.tokens.refresh('page', { because: 'asked' })).toMatchObject({
      kind: 'not-refreshable',
    })
  })

  it('fails a request when the record of the storage is damaged', async () => {
    await session.credentials.set('page', { ...page, hosts: ['app.example.com'] }, undefined)
    await store.update({ kind: 'storage', session: 'default', name: 'example.com' }, () => ({ origins: 'x' }))
    await expect(sent()).rejects.toMatchObject({ code: 'record-damaged' })
    expect(await sent('elsewhere.test')).toBeUndefined()
  })
})

const hosts = [
  'example.com',
  'app.example.com',
  'api.example.com',
  'badexample.com',
  'example.com.evil.test',
  'evil.test',
  'com',
]
const patterns = fc.uniqueArray(fc.constantFrom('*', '*.com', '*.example.com', '*.evil.test', ...hosts), {
  minLength: 1,
})

test.prop([patterns, fc.constantFrom(...hosts)])(
  'whatever the configuration names, the token of a page stays within its site',
  async (named, host) => {
    store = new MemoryStore()
    const configured = await open({ page: { ...page, hosts: named } })
    await storeIn(configured, 'one')
    const isOfSite = host === 'example.com' || host.endsWith('.example.com')
    const isNamed = named.some(
      (text) => text === '*' || text === host || (text.startsWith('*') && host.endsWith(text.slice(1))),
    )
    expect(await sent(host, configured)).toBe(isOfSite && isNamed ? 'Bearer one' : undefined)
  },
)
