import { fc, test } from '@fast-check/vitest'
import { beforeAll, describe, expect, it } from 'vitest'
import { databases } from '../../test/support/databases.ts'
import { ruleSet, now as start } from '../../test/support/material.ts'
import { identityOf } from '../cookies/cookie.ts'
import type { HallpassError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Json } from '../store/store.ts'
import { contentsOf, isBundle, openBundle, type SessionContents, sealBundle } from './bundle.ts'
import { Sessions } from './sessions.ts'

const passphrase = new Secret('correct horse battery staple')
const asked = async () => passphrase
const empty: SessionContents = { cookies: [], origins: [], credentials: [] }

const cookie = {
  name: 'sid',
  value: 'hunter2 \xff\t"',
  domain: 'example.com',
  hostOnly: false,
  path: '/x',
  secure: true,
  httpOnly: true,
  sameSite: 'none',
  partitioned: true,
  expiresAt: start + 1_234_567,
} as const

/** A record as the store has it. */
function recordOf(kind: string, more: Readonly<Record<string, Json>> = {}): Json {
  const at = '2026-11-21T08:00:00.000Z'
  return { kind, options: {}, createdAt: at, updatedAt: at, ...more }
}

async function filled() {
  const store = new MemoryStore()
  const session = await new Sessions({ store, config: ruleSet([]), now: () => start }).get('default')
  const origin = 'https://app.example.com'
  await session.importInto(
    {
      cookies: [{ where: '', cookie }],
      origins: [
        {
          where: '',
          storage: {
            origin,
            localStorage: [['__proto__', '\ud800']],
            sessionStorage: [['s', 'hunter2']],
            indexedDB: [],
          },
        },
      ],
      skipped: [],
    },
    { mode: 'merge' },
  )
  await session.credentials.set('api', { kind: 'bearer', hosts: ['api.example.com'] }, 'token-hunter2')
  return { store, session }
}

describe('a bundle', () => {
  // Once: making one takes the time that guessing a passphrase shall take.
  let bundle: string
  beforeAll(async () => {
    bundle = await sealBundle(empty, passphrase)
  })

  it('carries a whole session to another machine, exactly', async () => {
    const from = await filled()
    const contents = await contentsOf(from.session, from.store)
    const text = await sealBundle(contents, passphrase)
    expect(isBundle(text)).toBe(true)
    expect(text).not.toMatch(/hunter2|sid|example|api/)

    const store = new MemoryStore()
    const to = await new Sessions({ store, config: ruleSet([]), now: () => start }).get('default')
    const report = await to.importInto(await openBundle(text, asked), { mode: 'merge' })
    expect(report.skipped).toEqual([])
    expect(report.credentials.names).toEqual(['api'])
    expect(await contentsOf(to, store)).toEqual(contents)
    expect(await to.cookies.list()).toEqual(await from.session.cookies.list())
    expect((await to.credentials.get('api')).value?.reveal()).toBe('token-hunter2')
  })

  const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f && code !== 0x3b)
  const value = fc
    .array(byte, { maxLength: 9 })
    .map((codes) => String.fromCharCode(...codes).replace(/^ +| +$/g, ''))
  const anyCookie = fc.record({
    name: value.map((text) => `n${text.replaceAll('=', '').trimEnd()}`.replace(/[ ]+$/, '')),
    value,
    domain: fc.constantFrom('example.com', 'a.example.com', '::1', 'localhost'),
    hostOnly: fc.constant(true),
    path: value.map((text) => `/${text}`),
    secure: fc.constant(true),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom('strict' as const, 'lax' as const, 'none' as const, 'default' as const),
    expiresAt: fc.integer({ min: 0, max: 4e12 }),
  })
  const pairs = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), {
    selector: ([key]) => key,
  })
  test.prop(
    [
      fc.uniqueArray(anyCookie, { selector: identityOf }),
      fc.record({
        origin: fc.constantFrom('https://a.test', 'http://[::1]:81'),
        localStorage: pairs,
        sessionStorage: pairs,
        indexedDB: databases,
      }),
      fc.stringMatching(/^[!-~]+$/),
    ],
    // Each derives two keys.
    { numRuns: 5 },
  )('gives back exactly what went in', async (cookies, origin, secret) => {
    const credentials = [{ name: 'api', record: recordOf('header', { secret: { value: secret } }) }]
    const text = await sealBundle({ cookies, origins: [origin], credentials }, passphrase)
    const opened = await openBundle(text, asked)
    expect(opened.cookies.map((read) => read.cookie)).toEqual(cookies)
    expect(opened.origins.map(({ storage }) => storage)).toEqual([origin])
    expect(opened.credentials?.map(({ name, record }) => ({ name, record }))).toEqual(credentials)
    expect(opened.skipped).toEqual([])
  })

  it('is another text each time', async () => {
    expect(await sealBundle(empty, passphrase)).not.toBe(bundle)
  })

  it('opens with a passphrase that is typed in other code points for the same letters', async () => {
    const text = await sealBundle(empty, new Secret('schön'.normalize('NFC')))
    await expect(openBundle(text, async () => new Secret('schön'.normalize('NFD')))).resolves.toMatchObject({
      cookies: [],
    })
  })

  it('does not open with another passphrase, and none is made without one', async () => {
    const wrong = openBundle(bundle, async () => new Secret('correct horse battery stapl'))
    await expect(wrong).rejects.toMatchObject({ code: 'bundle-locked' })
    await expect(sealBundle(empty, new Secret(''))).rejects.toMatchObject({ code: 'usage' })
  })

  it('with a single bit changed, anywhere, is refused', async () => {
    const bytes = Buffer.from(bundle.trimEnd())
    const step = Math.ceil(bytes.length / 10)
    for (let at = 0; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const error = await openBundle(changed.toString('latin1'), asked).then(
        () => undefined,
        (thrown: HallpassError) => thrown,
      )
      expect(['bundle-locked', 'format-invalid'], `byte ${at}`).toContain(error?.code)
    }
  })

  it('cut short is refused', async () => {
    for (const part of [0, 5, 30, bundle.length / 2, bundle.length - 3]) {
      await expect(openBundle(bundle.slice(0, part), asked)).rejects.toMatchObject({ code: 'format-invalid' })
    }
  })

  it.each([
    ['all the memory', { memoryKiB: 2 ** 30 }],
    ['a week of work', { passes: 1_000_000 }],
    ['no passes', { passes: 0 }],
    ['less memory than its lanes need', { memoryKiB: 8, lanes: 4 }],
    ['half a lane', { lanes: 0.5 }],
    ['a text for a number', { memoryKiB: '65536' }],
    ['a short salt', { salt: 'AAAA' }],
    ['no data', { data: undefined }],
    ['a nonce that is none', { nonce: 7 }],
  ])('that asks for %s is refused before a passphrase is', async (_, change) => {
    const made = JSON.parse(bundle)
    const text = JSON.stringify({ ...made, ...change })
    const notAsked = () => Promise.reject(new Error('asked'))
    await expect(openBundle(text, notAsked)).rejects.toMatchObject({ code: 'format-invalid' })
  })

  it('of a newer hallpass says so', async () => {
    const made = JSON.parse(bundle)
    const text = JSON.stringify({ ...made, 'hallpass-bundle': 2 })
    expect(isBundle(text)).toBe(true)
    await expect(openBundle(text, asked)).rejects.toThrow('it was made by a newer hallpass (bundle 2)')
  })

  it('cannot be given weaker parameters than it was made with', async () => {
    const made = JSON.parse(bundle)
    const text = JSON.stringify({ ...made, passes: 2 })
    await expect(openBundle(text, asked)).rejects.toMatchObject({ code: 'bundle-locked' })
  })

  it.each<[what: string, contents: unknown]>([
    ['a line break in a cookie', { ...empty, cookies: [{ ...cookie, value: 'hunter2\r\nX: 1' }] }],
    ['a number for a value', { ...empty, cookies: [{ ...cookie, value: 7 }] }],
    ['a member that no cookie has', { ...empty, cookies: [{ ...cookie, hunter2: 1 }] }],
    ['no cookie', { ...empty, cookies: [null] }],
    [
      'an origin that is a file',
      { ...empty, origins: [{ origin: 'file:///', localStorage: [], sessionStorage: [] }] },
    ],
    [
      'pairs that are none',
      { ...empty, origins: [{ origin: 'https://a.test', localStorage: ['hunter2'], sessionStorage: [] }] },
    ],
    [
      'databases that are none',
      {
        ...empty,
        origins: [
          {
            origin: 'https://a.test',
            localStorage: [],
            sessionStorage: [],
            indexedDB: [['d', '{"name":"d"}']],
          },
        ],
      },
    ],
    [
      'a credential with a path for a name',
      { ...empty, credentials: [{ name: '../../hunter2', record: {} }] },
    ],
    ['a credential named __proto__', { ...empty, credentials: [{ name: '__proto__', record: {} }] }],
    ['a credential that is no record', { ...empty, credentials: [{ name: 'api', record: 'hunter2' }] }],
    [
      'a credential that could not be read again',
      { ...empty, credentials: [{ name: 'api', record: { kind: 'bearer', secret: 'hunter2' } }] },
    ],
    ['no lists', { cookies: {} }],
    ['nothing', null],
  ])('with %s in it is refused as a whole, and nothing of it is quoted', async (_, contents) => {
    const text = await sealBundle(contents as SessionContents, passphrase)
    const opening = openBundle(text, asked)
    await expect(opening).rejects.toMatchObject({ code: 'format-invalid' })
    await expect(opening).rejects.not.toThrow('hunter2')
  })
})

it('of the credentials in a bundle those that read from this machine stay out, and are listed', async () => {
  const hosts = ['evil.example']
  const credentials = [
    { name: 'api', record: recordOf('bearer', { hosts, options: { allowHttp: true } }) },
    {
      name: 'tool',
      record: recordOf('oauth2', { hosts, options: { tokenFile: '~/.config/tool/token.json' } }),
    },
  ]
  const opened = await openBundle(await sealBundle({ ...empty, credentials }, passphrase), asked)
  expect(opened.credentials?.map(({ name }) => name)).toEqual(['api'])
  expect(opened.skipped).toEqual([
    { where: 'api.allowHttp', reason: 'the credential comes without this option', what: 'credential' },
    { where: 'tool', reason: 'it reads a file of this machine', what: 'credential' },
  ])
})
