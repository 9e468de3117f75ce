import { describe, expect, it } from 'vitest'
import { cookie, merge, reading, replace, session, values } from '../../test/support/import-material.ts'
import { now as start } from '../../test/support/material.ts'
import type { Importable } from './import-contents.ts'

describe('an import', () => {
  it('takes away what it is told is gone and that alone, of a site of which nothing comes too', async () => {
    await session.importInto(
      reading([cookie('a'), cookie('b'), cookie('c', { domain: 'other.test' })]),
      merge,
    )
    const gone = [cookie('a'), cookie('c', { domain: 'other.test' }), cookie('b', { path: '/else' })]
    const report = await session.importInto(reading([]), { ...replace, gone })
    expect(report.cookies.removed).toBe(2)
    expect(await values(session)).toEqual(['app.example.com b=v'])
  })

  it('replaces what the session holds of the sites that come, and of no other', async () => {
    await session.importInto(
      reading([cookie('a'), cookie('b'), cookie('c', { domain: 'other.test' })]),
      merge,
    )
    const report = await session.importInto(reading([cookie('a'), cookie('d')]), replace)
    expect(report.cookies).toMatchObject({ added: 1, changed: 0, unchanged: 1, removed: 1 })
    expect(await values(session)).toEqual(['app.example.com a=v', 'app.example.com d=v', 'other.test c=v'])
  })

  it('that replaces leaves hosts known that it takes the cookies of', async () => {
    await session.importInto(reading([cookie('a')]), merge)
    await session.importInto(reading([cookie('b', { domain: 'www.example.com' })]), replace)
    expect(await session.cookies.list('app.example.com')).toEqual([])
    expect((await session.planConnect('app.example.com', 443, {})).known).toBe(true)
  })

  it('that replaces keeps a site of which nothing can come', async () => {
    await session.importInto(reading([cookie('a')]), merge)
    const report = await session.importInto(reading([cookie('a', { value: 'x\ny' })]), replace)
    expect(report.cookies).toMatchObject({ read: 1, added: 0, changed: 0, removed: 0 })
    expect(await values(session)).toEqual(['app.example.com a=v'])
  })

  it('that replaces names the cookies that it removes, and no value', async () => {
    await session.importInto(reading([cookie('a', { value: 'hunter2', path: '/x' }), cookie('b')]), merge)
    const report = await session.importInto(reading([cookie('b')]), replace)
    expect(report.removed).toEqual([{ name: 'a', domain: 'app.example.com', path: '/x' }])
    expect(JSON.stringify(report)).not.toContain('hunter2')
  })

  it('that replaces keeps a live cookie that is expired in the file', async () => {
    await session.importInto(reading([cookie('a', { value: 'renewed' }), cookie('b'), cookie('c')]), merge)
    const given = reading([cookie('a', { expiresAt: start - 1 }), cookie('b')])
    const report = await session.importInto(given, replace)
    expect(report).toMatchObject({ heldBack: false, removed: [{ name: 'c' }] })
    expect(await values(session)).toEqual(['app.example.com a=renewed', 'app.example.com b=v'])
  })

  const pair = (key: string) => ({
    where: 'origins[0]',
    storage: {
      origin: 'https://a.test',
      localStorage: [[key, 'v']] as const,
      sessionStorage: [],
      indexedDB: [],
    },
  })
  it.each<[what: string, given: Importable]>([
    [
      'a line could not be read',
      reading([cookie('new')], { skipped: [{ where: 'line 9', reason: 'not a cookie' }] }),
    ],
    [
      'an attribute could not be read, and the cookie may be another one',
      { ...reading([]), cookies: [{ where: 'line 1', cookie: cookie('new'), flaws: ['no path'] }] },
    ],
    ['a cookie is refused', reading([cookie('new'), cookie('bad', { value: 'x\ny' })])],
    [
      'some web storage could not be read',
      reading([cookie('new')], { skipped: [{ where: 'origins[3]', reason: 'no origin', what: 'storage' }] }),
    ],
  ])('that replaces takes nothing away when %s', async (_, given) => {
    await session.importInto(reading([cookie('live')], { origins: [pair('live')] }), merge)
    const report = await session.importInto({ ...given, origins: [pair('new')] }, replace)
    expect(report).toMatchObject({ heldBack: true, removed: [], cookies: { added: 1, removed: 0 } })
    expect(await values(session)).toEqual(['app.example.com live=v', 'app.example.com new=v'])
    expect((await session.storage.get('https://a.test'))?.localStorage).toEqual([
      ['live', 'v'],
      ['new', 'v'],
    ])
  })

  it('that replaces does not count a credential that stays out as unreadable', async () => {
    await session.importInto(reading([cookie('a')]), merge)
    const skipped = [
      { where: 'tool', reason: 'it reads a file of this machine', what: 'credential' },
    ] as const
    const report = await session.importInto(reading([cookie('b')], { skipped }), replace)
    expect(report).toMatchObject({ heldBack: false, removed: [{ name: 'a' }] })
  })

  it('replaces nothing of other hosts than those that were asked for', async () => {
    await session.importInto(
      reading([cookie('held'), cookie('held', { domain: 'admin.example.com' })]),
      merge,
    )
    const given = reading([cookie('new'), cookie('new', { domain: 'admin.example.com' })])
    const report = await session.importInto(given, { ...replace, hosts: ['app.example.com'] })
    expect(await values(session)).toEqual(['admin.example.com held=v', 'app.example.com new=v'])
    expect(report.cookies).toMatchObject({ added: 1, elsewhere: 1, removed: 1 })
  })
})
