import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { diskError, watchFileCalls } from '../../test/store/file-calls.ts'
import { openStore } from '../../test/store/open-store.ts'
import { cookie, merge, openSession, reading, values } from '../../test/support/import-material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import type { Home } from '../store/home.ts'
import { recordPath } from '../store/record-path.ts'
import type { Importable, ImportReport } from './import-contents.ts'
import type { Session } from './session.ts'

describe('an import into the records of a disk', () => {
  let unwatch = () => {}
  afterEach(() => unwatch())

  const names = ['a.test', 'b.test', 'd.test']
  const given = (value: string): Importable =>
    reading(
      names.map((domain) => cookie('sid', { domain, value })),
      {
        origins: [
          {
            where: 'o',
            storage: {
              origin: 'https://d.test',
              localStorage: [['k', value]],
              sessionStorage: [],
              indexedDB: [],
            },
          },
        ],
      },
    )
  const stage = async (): Promise<{ home: Home; on: Session }> => {
    const home = temporaryHome()
    const on = await openSession((await openStore(home)).store)
    // Two of the records are there and have to be put back, the others have to go again.
    await on.importInto(
      reading(names.slice(0, 2).map((domain) => cookie('sid', { domain, value: 'old' }))),
      merge,
    )
    return { home, on }
  }
  /** As another process finds it. */
  const held = async (home: Home) => {
    const fresh = await openSession((await openStore(home)).store)
    const storage = (await fresh.storage.list()).flatMap(({ localStorage }) =>
      localStorage.map(([, value]) => `storage ${value}`),
    )
    return [...(await values(fresh)), ...storage]
  }
  const before = ['a.test sid=old', 'b.test sid=old']
  const after = [...names.map((name) => `${name} sid=new`), 'storage new']

  it('leaves all of it or nothing when a single call that writes fails, whichever it is', async () => {
    const calls: string[] = []
    // Those that write. One that reads fails before the first of them, or as the lock does.
    const writes = (call: string) => !call.endsWith('Sync')
    const whole = await stage()
    unwatch = watchFileCalls(whole.home.root, { before: (call) => writes(call) && calls.push(call) })
    await whole.on.importInto(given('new'), merge)
    unwatch()
    expect(await held(whole.home)).toEqual(after)
    expect(calls.filter((call) => call === 'rename')).toHaveLength(4)

    for (const [failing, name] of calls.entries()) {
      const { home, on } = await stage()
      let n = 0
      unwatch = watchFileCalls(home.root, {
        before: (call) => {
          if (writes(call) && n++ === failing) throw diskError('ENOSPC', call)
        },
      })
      const failed = await on.importInto(given('new'), merge).then(
        () => undefined,
        (error) => error,
      )
      unwatch()
      const at = `${name}, call ${failing} of ${calls.length}`
      expect(await held(home), at).toEqual(failed === undefined ? after : before)
      await on.importInto(given('new'), merge)
      expect(await held(home), at).toEqual(after)
    }
  })

  it('on a disk that stays full takes away what was new, and names what it could not put back', async () => {
    const { home, on } = await stage()
    let renames = 0
    unwatch = watchFileCalls(home.root, {
      before: (call) => {
        if (call === 'rename' && ++renames > 2) throw diskError('ENOSPC', call)
      },
    })
    const report: ImportReport = await on.importInto(given('new'), merge)
    unwatch()
    expect(report.failed).toMatchObject({
      error: { code: 'not-saved' },
      written: ['the cookies of a.test', 'the cookies of b.test'],
    })
    expect(await held(home)).toEqual(['a.test sid=new', 'b.test sid=new'])
  })

  it('does not put back what another has changed since', async () => {
    const { home, on } = await stage()
    const other = await openSession((await openStore(home)).store)
    let captured: Promise<unknown> = Promise.resolve()
    const capture = () => other.cookies.set('https://a.test/', { name: 'fresh', value: '1' })
    const report = await new Promise<ImportReport>((resolve, reject) => {
      on.importInto(given('new'), {
        ...merge,
        onProgress: (done) => {
          if (done !== 1) return
          // Takes a moment in which the import goes on to a disk that fails.
          captured = capture()
          unwatch = watchFileCalls(join(home.sessions, 'default', 'sites', 'd.test'), {
            before: (call) => {
              if (call === 'rename' || call === 'open') throw diskError('EIO', call)
            },
          })
        },
      }).then(resolve, reject)
    })
    unwatch()
    await captured
    expect(report.failed?.written).toEqual(['the cookies of a.test'])
    expect(await held(home)).toEqual(['a.test sid=new', 'a.test fresh=1', 'b.test sid=old'])
  })

  it('writes nothing when a record of one of the sites is damaged', async () => {
    const { home, on } = await stage()
    writeFileSync(recordPath(home, { kind: 'cookies', session: 'default', name: 'b.test' }), 'rubbish')
    await expect(on.importInto(given('new'), merge)).rejects.toMatchObject({ code: 'record-damaged' })
    const { store } = await openStore(home)
    expect(await store.names('default', 'cookies')).toEqual(['a.test', 'b.test'])
    expect(await (await openSession(store)).cookies.list('a.test')).toMatchObject([{ value: 'old' }])
  })

  it('of many sites at once, from two processes, ends with all of one or the other on top', async () => {
    const home = temporaryHome()
    const many = Array.from({ length: 200 }, (_, index) => `s${index}.test`)
    const first = await openSession((await openStore(home)).store)
    const second = await openSession((await openStore(home)).store)
    const of = (names: readonly string[], name: string) =>
      reading(names.map((domain) => cookie(name, { domain })))
    const seen: number[] = []
    await Promise.all([
      first.importInto(of(many, 'one'), { ...merge, onProgress: (done) => seen.push(done) }),
      second.importInto(of(many.toReversed(), 'two'), merge),
    ])
    expect(seen.at(-1)).toBe(200)
    const fresh = await openSession((await openStore(home)).store)
    const all = await fresh.cookies.list()
    expect(all.filter(({ name }) => name === 'one')).toHaveLength(200)
    expect(all.filter(({ name }) => name === 'two')).toHaveLength(200)
  })
})
