import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { now, ruleSet } from '../../test/support/material.ts'
import { type CredentialDefinition, credentialDefinitionSchema } from '../credentials/kinds.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Json } from '../store/store.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

const configured: ReadonlyMap<string, CredentialDefinition> = new Map(
  Object.entries({
    github: { kind: 'bearer', hosts: ['api.github.com'] },
    ruled: { kind: 'bearer' },
    csrf: { kind: 'mirror', hosts: ['*.x.com'], cookie: 'ct0', header: 'x-csrf-token' },
  }).map(([name, input]) => [name, credentialDefinitionSchema(z).parse(input)]),
)

let store: MemoryStore
let session: Session
const open = async (credentials = configured) =>
  new Sessions({
    store,
    config: {
      ...ruleSet([
        { hosts: ['ruled.test'], credential: 'ruled' },
        { hosts: ['later.test'], credential: 'later' },
      ]),
      credentials,
    },
    now: () => now,
  }).get('default')
beforeEach(async () => {
  store = new MemoryStore()
  session = await open()
})
const list = async () =>
  Object.fromEntries((await session.credentials.list()).map((credential) => [credential.name, credential]))
const attached = async (host: string) =>
  (
    await session.plan({ scheme: 'https', host, port: 443, path: '/', method: 'GET', site: 'same-site' }, {})
  ).credentials.attached.map(({ name }) => name)

describe('a credential of the session', () => {
  it('is listed without its value, and shows the value to a caller that names it', async () => {
    await session.credentials.set(
      'api',
      { kind: 'bearer', hosts: ['api.test', '*.api.test:8443'] },
      's3cret\n',
    )
    const { api } = await list()
    expect(api).toEqual({
      name: 'api',
      kind: 'bearer',
      hosts: ['api.test', '*.api.test:8443'],
      place: 'authorization',
      origin: 'session',
      present: true,
      fingerprint: expect.stringMatching(/^[0-9a-f]{4}$/),
      updatedAt: new Date(now).toISOString(),
      problem: undefined,
      definition: { kind: 'bearer', hosts: ['api.test', '*.api.test:8443'].map(parseHostPattern) },
      freshness: undefined,
    })
    expect(inspect(await session.credentials.list(), { depth: 9 })).not.toContain('s3cret')
    expect((await session.credentials.get('api')).value?.reveal()).toBe('s3cret')
    expect(inspect(await session.credentials.get('api'), { depth: 9 })).not.toContain('s3cret')
  })

  it.each([
    ['basic', {}, 'user:pass', 'authorization'],
    ['header', { header: 'X-Key' }, 'k', 'x-key'],
    ['query', { param: 'key' }, 'k', '?key'],
    ['mirror', { cookie: 'c', header: 'X-C' }, undefined, 'x-c'],
  ])('of the kind %s comes back as it went in', async (kind, options, value, place) => {
    await session.credentials.set('api', { kind, hosts: ['api.test'], ...options }, value)
    session = await open()
    expect((await list()).api).toMatchObject({ kind, place, present: true, hosts: ['api.test'] })
    expect((await session.credentials.get('api')).value?.reveal()).toBe(value)
  })

  it('keeps its definition when it gets a new value', async () => {
    await session.credentials.set('api', { kind: 'header', hosts: ['api.test'], header: 'X-Key' }, 'one')
    await session.credentials.set('api', undefined, 'two')
    expect((await list()).api).toMatchObject({ kind: 'header', hosts: ['api.test'], place: 'x-key' })
    expect((await session.credentials.get('api')).value?.reveal()).toBe('two')
    await session.credentials.set('api', { hosts: ['other.test'] }, 'three')
    expect((await list()).api).toMatchObject({ kind: 'header', hosts: ['other.test'], place: 'x-key' })
  })

  it('of another kind keeps nothing of the old one', async () => {
    await session.credentials.set('api', { kind: 'header', hosts: ['api.test'], header: 'X-Key' }, 'one')
    await session.credentials.set('api', { kind: 'bearer', hosts: ['b.test'] }, 'two')
    expect((await list()).api).toMatchObject({ kind: 'bearer', hosts: ['b.test'], place: 'authorization' })
  })

  it.each<[string, Record<string, unknown> | undefined, string | undefined, string, RegExp]>([
    ['without a kind', { hosts: ['a.test'] }, 'x', 'usage', /--kind/],
    ['of an unknown kind', { kind: 'oauth9', hosts: ['a.test'] }, 'x', 'usage', /bearer, basic/],
    [
      'of a kind by which objects reach their prototype',
      { kind: 'constructor', hosts: ['a.test'] },
      'x',
      'usage',
      /no such kind/,
    ],
    ['without hosts', { kind: 'bearer' }, 'x', 'usage', /--host/],
    ['for a host that is none', { kind: 'bearer', hosts: ['https://a.test'] }, 'x', 'usage', /hosts\.0/],
    [
      'with an option of another kind',
      { kind: 'bearer', hosts: ['a.test'], header: 'X' },
      'x',
      'usage',
      /header/,
    ],
    ['without an option of its own', { kind: 'header', hosts: ['a.test'] }, 'x', 'usage', /header/],
    [
      'without a value',
      { kind: 'bearer', hosts: ['a.test'] },
      undefined,
      'value-invalid',
      /the value must be a token/,
    ],
    [
      'with a value of two lines',
      { kind: 'bearer', hosts: ['a.test'] },
      'x\r\nEvil: 1',
      'value-invalid',
      /control/,
    ],
    [
      'with a value that it has no use for',
      { kind: 'mirror', hosts: ['a.test'], cookie: 'c', header: 'x' },
      'x',
      'usage',
      /no value/,
    ],
  ])('%s is refused, and nothing is kept', async (_, input, value, code, message) => {
    await expect(session.credentials.set('api', input, value)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    expect(await store.names('default', 'credential')).toEqual([])
  })

  it.each(['__proto__', 'constructor', '..', 'a/b', 'A', '', 'a\0'])('cannot be named %j', async (name) => {
    await expect(
      session.credentials.set(name, { kind: 'bearer', hosts: ['a.test'] }, 'x'),
    ).rejects.toMatchObject({ code: 'name-invalid' })
    expect(({} as { kind?: unknown }).kind).toBeUndefined()
  })

  it('needs no hosts when a rule names it', async () => {
    await session.credentials.set('later', { kind: 'bearer' }, 'x')
    expect(await attached('later.test')).toEqual(['later'])
  })

  it('that is not there is missing', async () => {
    await expect(session.credentials.get('api')).rejects.toMatchObject({ code: 'credential-missing' })
    await expect(session.credentials.remove('api')).rejects.toMatchObject({ code: 'credential-missing' })
  })
})

describe('a credential of the configuration', () => {
  it('is listed without a value, with the command to type', async () => {
    expect((await list()).github).toMatchObject({
      origin: 'configuration',
      present: false,
      hosts: ['api.github.com'],
      problem: 'no value: hallpass token set github',
    })
    expect((await list()).csrf).toMatchObject({ origin: 'configuration', present: true, problem: undefined })
  })

  it('takes its value from the session', async () => {
    await session.credentials.set('github', undefined, 'x')
    await session.credentials.set('ruled', undefined, 'y')
    expect((await list()).github).toMatchObject({ origin: 'both', present: true })
    expect(await attached('api.github.com')).toEqual(['github'])
    expect(await attached('ruled.test')).toEqual(['ruled'])
  })

  it('has only the definition of the configuration', async () => {
    await expect(session.credentials.set('github', { kind: 'basic' }, 'a:b')).rejects.toMatchObject({
      code: 'usage',
    })
    await expect(session.credentials.set('github', { allowHttp: true }, 'x')).rejects.toMatchObject({
      code: 'usage',
    })
    await session.credentials.set('github', { kind: 'bearer' }, 'x')
    expect((await list()).github).toMatchObject({ kind: 'bearer' })
  })

  it('goes only to the hosts that were sealed with the value, also when the configuration changes', async () => {
    await session.credentials.set('api', { kind: 'bearer', hosts: ['api.test'] }, 'x')
    session = await open(
      new Map([['api', credentialDefinitionSchema(z).parse({ kind: 'bearer', hosts: ['*'] })]]),
    )
    expect(await attached('api.test')).toEqual(['api'])
    expect(await attached('evil.test')).toEqual([])
  })

  it('does not use a value of another kind', async () => {
    await session.credentials.set('api', { kind: 'basic', hosts: ['api.test'] }, 'a:b')
    session = await open(
      new Map([['api', credentialDefinitionSchema(z).parse({ kind: 'bearer', hosts: ['api.test'] })]]),
    )
    expect(await attached('api.test')).toEqual([])
    expect((await list()).api?.problem).toMatch(/for the kind basic, and the configuration says bearer/)
  })
})

it.each<[string, Json]>([
  ['without its secret', { kind: 'bearer', hosts: ['api.test'], options: {}, createdAt: '', updatedAt: '' }],
  [
    'with a secret of two lines',
    {
      kind: 'bearer',
      hosts: ['api.test'],
      options: {},
      secret: { token: 'a\r\nb' },
      createdAt: '',
      updatedAt: '',
    },
  ],
  [
    'with a host that is none',
    {
      kind: 'bearer',
      hosts: ['https://a'],
      options: {},
      secret: { token: 'a' },
      createdAt: '',
      updatedAt: '',
    },
  ],
  [
    'with an unknown option',
    {
      kind: 'bearer',
      hosts: ['api.test'],
      options: { header: 'X' },
      secret: { token: 'a' },
      createdAt: '',
      updatedAt: '',
    },
  ],
])('that is sealed %s is damaged, and not attached', async (_, record) => {
  await store.update({ kind: 'credential', session: 'default', name: 'api' }, () => record)
  await expect(session.credentials.get('api')).rejects.toMatchObject({ code: 'record-damaged' })
  expect(await attached('api.test')).toEqual([])
})

it('that could not be read once is read again', async () => {
  class FailingOnce extends MemoryStore {
    failures = 1
    override async names(name: string, kind: 'cookies' | 'storage' | 'health' | 'credential') {
      if (this.failures-- > 0) throw new Error('EIO')
      return super.names(name, kind)
    }
  }
  store = new FailingOnce()
  session = await open()
  await expect(session.credentials.list()).rejects.toThrow('EIO')
  expect(await session.credentials.list()).toHaveLength(3)
})

it('of a kind from a newer hallpass is left alone', async () => {
  await store.update({ kind: 'credential', session: 'default', name: 'api' }, () => ({
    kind: 'oauth9',
    hosts: ['api.test'],
    options: {},
    secret: {},
    createdAt: '',
    updatedAt: '',
  }))
  expect((await list()).api).toMatchObject({
    kind: 'unknown',
    present: false,
    problem: expect.stringMatching(/does not know/),
  })
})
