import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watchFileCalls } from '../../test/store/file-calls.ts'
import { openStore } from '../../test/store/open-store.ts'
import { now } from '../../test/support/material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { identityOf } from '../cookies/cookie.ts'
import { Jar, type JarChange } from '../cookies/jar.ts'
import type { Home } from '../store/home.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { jarCache, SiteJar } from './site-jar.ts'

const createdAt = '2026-11-21T08:00:00.000Z'
const url = { scheme: 'https', host: 'app.example.com', port: 443, path: '/' } as const

function sets(line: string, at = now): JarChange {
  const outcome = new Jar().set(line, { url, now: at })
  if (outcome.kind === 'refused') throw new Error(outcome.reason)
  return { key: identityOf(outcome.cookie), apply: (jar) => void jar.set(line, { url, now: at }) }
}
const values = (jar: Jar) => Object.fromEntries(jar.all().map(({ name, value }) => [name, value]))

describe('the jar of a site', () => {
  let store: Store
  let jar: SiteJar
  beforeEach(async () => {
    store = new MemoryStore()
    await store.addSession({ name: 'work', id: 'one', createdAt })
    jar = new SiteJar(store, 'work', 'example.com', jarCache())
  })

  it('is empty without a record', async () => {
    expect(values(await jar.read())).toEqual({})
    expect(jar.stamp()).toBe('')
  })

  it('is on disk when keep resolves', async () => {
    expect(await jar.keep([sets('sid=1'), sets('csrf=2')])).toBe('saved')
    expect(values(await new SiteJar(store, 'work', 'example.com', jarCache()).read())).toEqual({
      sid: '1',
      csrf: '2',
    })
    expect(jar.idle).toBe(true)
  })

  it('has another stamp after every change, also after one of another process', async () => {
    const stamps = new Set([jar.stamp()])
    await jar.keep([sets('sid=1')])
    stamps.add(jar.stamp())
    await new SiteJar(store, 'work', 'example.com', jarCache()).keep([sets('sid=2')])
    stamps.add(jar.stamp())
    expect(stamps.size).toBe(3)
    expect(values(await jar.read())).toEqual({ sid: '2' })
  })

  it('gives a copy whose changes other readers do not see', async () => {
    await jar.keep([sets('sid=1')])
    sets('sid=2').apply(await jar.copy())
    expect(values(await jar.read())).toEqual({ sid: '1' })
  })

  it('writes changes that come together in their order', async () => {
    const all = Array.from({ length: 50 }, (_, index) =>
      jar.keep([sets(`sid=${index}`), sets(`c${index}=1`)]),
    )
    await Promise.all(all)
    const held = values(await jar.read())
    expect(held.sid).toBe('49')
    expect(Object.keys(held)).toHaveLength(51)
  })

  it('leaves no record when it is empty', async () => {
    await jar.keep([sets('sid=1')])
    await jar.save({ key: 'rm', apply: (held) => void held.remove({ host: 'example.com' }) })
    expect(await store.read({ kind: 'cookies', session: 'work', name: 'example.com' })).toBeUndefined()
  })

  it('does not bring a removed session back', async () => {
    await store.removeSession('work')
    await expect(jar.keep([sets('sid=1')])).rejects.toMatchObject({ code: 'session-missing' })
    expect(await store.sessions()).toEqual([])
    expect(values(await jar.read())).toEqual({})
    expect(jar.idle).toBe(true)
  })
})

describe('on a full disk', () => {
  let home: Home
  let store: Store
  let jar: SiteJar
  let restore = () => {}
  let tries = 0
  const elsewhere = async () =>
    values(await new SiteJar((await openStore(home)).store, 'work', 'example.com', jarCache()).read())

  /** Every write of file content fails from here on, with the error of a full disk. */
  function fillDisk(): void {
    tries = 0
    restore = watchFileCalls(home.root, {
      before(call) {
        if (call !== 'writeFile') return
        tries++
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
          code: 'ENOSPC',
          errno: -28,
          syscall: 'write',
        })
      },
    })
  }
  const freeDisk = () => {
    restore()
    restore = () => {}
  }

  beforeEach(async () => {
    home = temporaryHome()
    store = (await openStore(home)).store
    await store.addSession({ name: 'work', id: 'one', createdAt })
    jar = new SiteJar(store, 'work', 'example.com', jarCache())
    await jar.keep([sets('sid=1'), sets('csrf=1')])
  })
  afterEach(freeDisk)

  it('a change holds in memory, and the record stays intact', async () => {
    fillDisk()
    const stamp = jar.stamp()
    expect(await jar.keep([sets('sid=2')])).toBe('not-saved')
    expect(values(await jar.read())).toEqual({ sid: '2', csrf: '1' })
    expect(jar.stamp()).not.toBe(stamp)
    expect(jar.idle).toBe(false)
    expect(await elsewhere()).toEqual({ sid: '1', csrf: '1' })
  })

  it('the next change that can be saved writes it first', async () => {
    fillDisk()
    await jar.keep([sets('sid=2'), sets('lost=1')])
    await jar.keep([sets('sid=3')])
    freeDisk()
    expect(await jar.keep([sets('lost=; Max-Age=0')])).toBe('saved')
    expect(await elsewhere()).toEqual({ sid: '3', csrf: '1' })
    expect(values(await jar.read())).toEqual({ sid: '3', csrf: '1' })
    expect(jar.idle).toBe(true)
  })

  it('the jar tries again by itself', async () => {
    fillDisk()
    await jar.keep([sets('sid=2')])
    await expect.poll(() => tries).toBeGreaterThan(2)
    freeDisk()
    await expect.poll(() => jar.idle).toBe(true)
    expect(await elsewhere()).toEqual({ sid: '2', csrf: '1' })
  })

  it('a response without news says not-saved while a change is unsaved', async () => {
    fillDisk()
    await jar.keep([sets('sid=2')])
    expect(await jar.keep([])).toBe('not-saved')
    freeDisk()
    expect(await jar.keep([])).toBe('saved')
    expect(await elsewhere()).toMatchObject({ sid: '2' })
  })

  it('a late write keeps the cookies that another process wrote in between', async () => {
    fillDisk()
    await jar.keep([sets('sid=2')])
    freeDisk()
    await new SiteJar((await openStore(home)).store, 'work', 'example.com', jarCache()).keep([sets('csrf=9')])
    expect(values(await jar.read())).toEqual({ sid: '2', csrf: '9' })
    await jar.flush()
    expect(await elsewhere()).toEqual({ sid: '2', csrf: '9' })
  })

  it('the change of a command fails with the command, and is not made later', async () => {
    fillDisk()
    await expect(jar.save(sets('sid=5'))).rejects.toMatchObject({ code: 'not-saved' })
    freeDisk()
    expect(values(await jar.read())).toEqual({ sid: '1', csrf: '1' })
    await jar.keep([sets('csrf=2')])
    expect(await elsewhere()).toEqual({ sid: '1', csrf: '2' })
  })

  it('a flood of cookies fills neither the memory nor, later, the disk', async () => {
    fillDisk()
    let applied = 0
    const flood = Array.from({ length: 3000 }, (_, index) => {
      const change = sets(`c${index}=1`, now + index)
      return {
        ...change,
        apply(held: Jar) {
          applied++
          change.apply(held)
        },
      }
    })
    await jar.keep(flood)
    await jar.keep([sets('sid=2', now + 5000)])
    applied = 0
    await jar.read()
    expect(applied).toBe(999)
    freeDisk()
    await jar.flush()
    const held = await elsewhere()
    expect(held.sid).toBe('2')
    expect(Object.keys(held).length).toBeLessThanOrEqual(180)
  })
})
