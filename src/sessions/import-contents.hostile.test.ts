import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../test/store/open-store.ts'
import { cookie, merge, openSession, reading, session, values } from '../../test/support/import-material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { cookieHeader } from '../cookies/cookie-header.ts'
import type { GivenCookie } from '../formats/format.ts'

describe('hostile imports', () => {
  const hostile: readonly (readonly [what: string, cookie: GivenCookie])[] = [
    ['a line break and a header in the value', cookie('a', { value: 'x\r\nX-Injected: 1' })],
    ['a bare LF', cookie('a', { value: 'x\nSet-Cookie: b=1' })],
    ['a bare CR', cookie('a', { value: 'x\rb' })],
    ['a NUL', cookie('a', { value: 'x\0b' })],
    ['an ESC', cookie('a', { value: '\x1b[2J' })],
    ['a DEL', cookie('a', { value: 'x\x7f' })],
    ['a control character that bricks a host', cookie('a', { value: '\x01' })],
    ['the same in a name', cookie('a\r\nX: 1')],
    ['the same in a path', cookie('a', { path: '/\r\nX: 1' })],
    ['the same in a domain', cookie('a', { domain: 'app.example.com\r\nX: 1' })],
    ['a semicolon in the value', cookie('a', { value: 'x; admin=1' })],
    ['a semicolon in the name', cookie('a; b')],
    ['an equals sign in the name', cookie('a=b')],
    ['blanks that a server would cut', cookie('a', { value: ' x ' })],
    ['a character that is not a byte', cookie('a', { value: '\u010a' })],
    ['5,000 bytes', cookie('a', { value: 'x'.repeat(5000) })],
    ['a domain that is a public suffix', cookie('a', { domain: 'co.uk', hostOnly: false })],
    ['a domain that is a top-level domain', cookie('a', { domain: 'com', hostOnly: false })],
    ['a __Host- name for a domain', cookie('__Host-a', { domain: 'example.com', hostOnly: false })],
    ['a __Secure- name that is not', cookie('__Secure-a', { secure: false })],
    ['a nameless cookie posing as a prefixed one', cookie('', { value: '__Host-a=1' })],
    ['a domain cookie for an address', cookie('a', { domain: '127.0.0.1', hostOnly: false })],
  ]

  it.each(hostile)('%s: refused, and the host goes on as before', async (_, given) => {
    await session.importInto(reading([cookie('good', { value: '1' })]), merge)
    const report = await session.importInto(reading([given]), merge)
    expect(report.cookies.added).toBe(0)
    expect(report.skipped).toHaveLength(1)
    expect(report.skipped[0]?.reason).not.toContain(given.value)
    const request = {
      scheme: 'https',
      host: 'app.example.com',
      port: 443,
      path: '/',
      method: 'GET',
      site: 'same-site',
    } as const
    const { cookies } = await session.plan(request, {})
    expect(cookieHeader(cookies.attached)).toBe('good=1')
  })

  it('are 22', () => expect(hostile).toHaveLength(22))

  it.each([
    '__proto__',
    'constructor',
    '..',
    '../../../../tmp/x',
    '/etc/passwd',
    'a/../b',
    'a\0b',
    'C:\\x',
    '.',
    '',
    'a..b',
    'evil.test@app.example.com',
    'app.example.com/x',
  ])('a domain %j makes no record and nothing outside the store', async (domain) => {
    const home = temporaryHome()
    const { store } = await openStore(home)
    const on = await openSession(store)
    const before = readdirSync(home.root, { recursive: true }).sort()
    const report = await on.importInto(reading([cookie('a', { domain })]), merge)
    expect(report.cookies.added).toBe(0)
    expect(report.skipped).toHaveLength(1)
    expect(await store.names('default', 'cookies')).toEqual([])
    expect(readdirSync(home.root, { recursive: true }).sort()).toEqual(before)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('a cookie, a key and a path named __proto__ are names like any other', async () => {
    await session.importInto(
      reading([cookie('__proto__', { path: '/__proto__' })], {
        origins: [
          {
            where: 'o',
            storage: {
              origin: 'https://a.test',
              localStorage: [
                ['__proto__', 'x'],
                ['constructor', 'y'],
              ],
              sessionStorage: [],
              indexedDB: [],
            },
          },
        ],
      }),
      merge,
    )
    expect(await values(session)).toEqual(['app.example.com __proto__=v'])
    expect((await session.storage.get('https://a.test'))?.localStorage).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    expect(Object.keys({})).toEqual([])
  })
})
