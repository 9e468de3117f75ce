import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { diskError, watchFileCalls } from '../../test/store/file-calls.ts'
import { openStore } from '../../test/store/open-store.ts'
import { now, ruleSet } from '../../test/support/material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import type { GivenCookie } from '../formats/format.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Json, Store } from '../store/store.ts'
import type { Importable } from './import-contents.ts'
import { undoable, undoImport } from './import-undo.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

const replace = { mode: 'replace', undo: 'cookies.txt' } as const
const undoId = { kind: 'undo', session: 'default', name: '' } as const

const open = async (store: Store) =>
  new Sessions({ store, config: ruleSet([]), now: () => now }).get('default')

const reading = (...pairs: readonly string[]): Importable => ({
  cookies: pairs.map((pair) => ({ where: pair, cookie: cookie(pair) })),
  origins: [],
  skipped: [],
})

function cookie(pair: string): GivenCookie {
  const [name = '', value = ''] = pair.split('=')
  return {
    name,
    value,
    domain: 'app.example.com',
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: false,
    sameSite: 'default',
  }
}

const storage = (key: string) => ({
  where: key,
  storage: {
    origin: 'https://app.example.com',
    localStorage: [[key, 'v']] as const,
    sessionStorage: [],
    indexedDB: [],
  },
})

const bearer = (token: string): Json => {
  const at = '2026-11-21T08:00:00.000Z'
  return { kind: 'bearer', hosts: ['api.test'], options: {}, secret: { token }, createdAt: at, updatedAt: at }
}
const credential = (token: string) => {
  return { name: 'api', record: bearer(token), kind: 'bearer', hosts: [], options: {}, hasValue: true }
}

const held = async (session: Session) =>
  (await session.cookies.list()).map(({ name, value }) => `${name}=${value}`).sort()

let store: Store
let session: Session
beforeEach(async () => {
  store = new MemoryStore()
  session = await open(store)
})

describe('an import that is undone', () => {
  it('gives back cookies, web storage and credentials exactly', async () => {
    const mine = {
      ...reading('sid=live', 'b=1'),
      origins: [storage('old')],
      credentials: [credential('mine')],
    }
    await session.importInto(mine, { mode: 'merge' })
    const ids = [
      { kind: 'cookies', session: 'default', name: 'example.com' },
      { kind: 'storage', session: 'default', name: 'example.com' },
      { kind: 'credential', session: 'default', name: 'api' },
    ] as const
    const read = () => Promise.all(ids.map(async (id) => (await store.read(id))?.value))
    const before = await read()
    const theirs = {
      ...reading('b=2', 'c=3'),
      origins: [storage('new')],
      credentials: [credential('theirs')],
    }
    await session.importInto(theirs, replace)
    expect(await read()).not.toEqual(before)
    expect(await undoImport(store, 'default')).toEqual({
      from: 'cookies.txt',
      at: now,
      records: ['cookies of example.com', 'credential api', 'web storage of example.com'],
      left: 0,
    })
    expect(await read()).toEqual(before)
    expect(await store.read(undoId)).toBeUndefined()
  })

  it('takes away what it only added', async () => {
    await session.importInto(reading('sid=live'), { mode: 'merge' })
    const theirs = {
      cookies: [...reading('new=1').cookies, { where: '', cookie: { ...cookie('b=1'), domain: 'b.test' } }],
      origins: [storage('new')],
      credentials: [credential('theirs')],
      skipped: [],
    }
    await session.importInto(theirs, { mode: 'merge', undo: 'state.json' })
    await undoImport(store, 'default')
    expect(await held(session)).toEqual(['sid=live'])
    expect(await session.storage.list('example.com')).toEqual([])
    expect(await store.names('default', 'credential')).toEqual([])
    expect(await store.names('default', 'cookies')).toEqual(['example.com'])
  })

  it('leaves what came since, and gives back what it touched whatever became of that', async () => {
    await session.importInto(reading('sid=live', 'same=1'), { mode: 'merge' })
    await session.importInto(reading('same=1', 'other=x'), replace)
    await session.importInto(reading('sid=anonymous', 'same=2', 'since=1'), { mode: 'merge' })
    await undoImport(store, 'default')
    expect(await held(session)).toEqual(['same=2', 'sid=live', 'since=1'])
  })

  it('is the last one, and then the one before', async () => {
    await session.importInto(reading('a=1'), { mode: 'merge' })
    await session.importInto(reading('b=1'), replace)
    await session.importInto(reading('c=1'), replace)
    expect(await undoImport(store, 'default')).toMatchObject({ left: 1 })
    expect(await held(session)).toEqual(['b=1'])
    await undoImport(store, 'default')
    expect(await held(session)).toEqual(['a=1'])
    await expect(undoImport(store, 'default')).rejects.toMatchObject({ code: 'failed' })
  })

  it('is one of the last five', async () => {
    for (let count = 0; count < 9; count++) await session.importInto(reading(`c${count}=1`), replace)
    for (let left = 4; left >= 0; left--) expect(await undoImport(store, 'default')).toMatchObject({ left })
    await expect(undoImport(store, 'default')).rejects.toMatchObject({ code: 'failed' })
    expect(await held(session)).toEqual(['c3=1'])
  })
})

it.each([
  ['brings the same again', reading('a=2'), { undo: 'x' }],
  ['is only tried', reading('a=1'), { undo: 'x', dryRun: true }],
  ['is not to be undone', reading('a=1'), {}],
])('nothing is kept of an import that %s', async (_, held, options) => {
  await session.importInto({ ...reading(), ...held }, { mode: 'merge' })
  await session.importInto(reading('a=2'), { mode: 'replace', ...options })
  expect(await store.read(undoId)).toBeUndefined()
})

it('an import that only adds has no way back if it is larger than a record, and one that loses is refused', async () => {
  let writes = 0
  const done = {
    from: 'x',
    at: now,
    records: [{ id: undoId, before: undefined, after: 'x'.repeat(41 * 1024 * 1024) }],
  }
  const write = async () => {
    writes++
    return { kind: 'all' } as const
  }
  await undoable(store, 'default', { ...done, loses: false }, write)
  expect(writes).toBe(1)
  expect(await store.read(undoId)).toBeUndefined()
  await expect(undoable(store, 'default', { ...done, loses: true }, write)).rejects.toMatchObject({
    code: 'failed',
  })
  expect(writes).toBe(1)
})

it('the way back is on disk before anything is overwritten, and goes when nothing was', async () => {
  const { home, store: files } = await openStore(temporaryHome())
  const onDisk = await open(files)
  await onDisk.importInto(reading('sid=live'), { mode: 'merge' })
  let renames = 0
  let wayBack = false
  const unwatch = watchFileCalls(home.root, {
    before: (call) => {
      if (call !== 'rename' || ++renames !== 2) return
      wayBack = readdirSync(join(home.sessions, 'default')).includes('undo.json.enc')
      throw diskError('ENOSPC', call)
    },
  })
  const failing = onDisk.importInto(reading('a=1'), replace)
  await expect(failing).rejects.toMatchObject({ code: 'not-saved' })
  unwatch()
  expect(wayBack).toBe(true)
  expect(await held(onDisk)).toEqual(['sid=live'])
  expect(await files.read(undoId)).toBeUndefined()
})

it('is sealed, and goes with its session', async () => {
  const { home, store: files } = await openStore(temporaryHome())
  const onDisk = await open(files)
  await onDisk.importInto(reading('sid=hunter2'), { mode: 'merge' })
  await onDisk.importInto(reading('a=1'), replace)
  const file = join(home.sessions, 'default', 'undo.json.enc')
  expect(readFileSync(file, 'latin1')).not.toContain('hunter2')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await files.removeSession('default')
  expect(existsSync(file)).toBe(false)
})
