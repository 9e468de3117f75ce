import { chmodSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { onCoarseClock } from '../../test/store/coarse-clock.ts'
import { scratchFolder } from '../../test/store/scratch.ts'
import { CachedFiles } from './cached-files.ts'

let root: string
let path: string
let decoded: number
let files: CachedFiles<{ text: string }>
const decode = (text: string) => {
  decoded++
  return { text }
}
/** As another process writes: a new file renamed over the old one, in the least possible time. */
const write = (text: string) => {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

beforeEach(() => {
  root = scratchFolder()
  path = join(root, 'file')
  decoded = 0
  files = new CachedFiles(root)
})

describe('a cached file', () => {
  it('shows each of a thousand changes of one size, also within one tick of the clock', () => {
    onCoarseClock()
    const stamps = new Set<string | undefined>()
    for (let n = 1000; n < 2000; n++) {
      write(`${n}`)
      expect(files.read(path, decode)).toEqual({ text: `${n}` })
      write(`${n + 5000}`)
      stamps.add(files.stamp(path))
    }
    expect(stamps.size).toBe(1000)
  })

  it('is decoded once for as long as it stays the same', async () => {
    write('same')
    for (let n = 0; n < 10; n++) files.read(path, decode)
    expect(decoded).toBe(1)
    await sleep(2_100) // until a stamp alone is proof
    const first = files.read(path, decode)
    const stamp = files.stamp(path)
    for (let n = 0; n < 10; n++) expect(files.read(path, decode)).toBe(first)
    expect(decoded).toBe(1)
    expect(files.stamp(path)).toBe(stamp)
    write('diff')
    expect(files.read(path, decode)).toEqual({ text: 'diff' })
    expect(files.stamp(path)).not.toBe(stamp)
  })

  it('cannot hide a change of content or mode behind an old modification time, however late it is looked at', async () => {
    const old = new Date('2020-01-01')
    const still = () => sleep(2_100)
    write('one')
    utimesSync(path, old, old)
    await still()
    expect(files.read(path, decode)).toEqual({ text: 'one' })
    const stamp = files.stamp(path)
    writeFileSync(path, 'two')
    utimesSync(path, old, old)
    await still()
    expect(files.read(path, decode)).toEqual({ text: 'two' })
    expect(files.stamp(path)).not.toBe(stamp)
    chmodSync(path, 0o644)
    await still()
    expect(() => files.read(path, decode)).toThrow(expect.objectContaining({ code: 'state-unsafe' }))
  })

  it('is gone when the file is', () => {
    write('here')
    files.read(path, decode)
    renameSync(path, `${path}.away`)
    expect(files.read(path, decode)).toBeUndefined()
    expect(files.stamp(path)).toBeUndefined()
  })

  it('is not remembered when it could not be decoded', () => {
    write('bad')
    const broken = () => {
      throw new Error('broken')
    }
    expect(() => files.read(path, broken)).toThrow('broken')
    expect(files.read(path, decode)).toEqual({ text: 'bad' })
  })

  it('gives way to files used later when the memory is full', () => {
    const paths = Array.from({ length: 5 }, (_, n) => `${path}${n}`)
    for (const one of paths) writeFileSync(one, 'x'.repeat(4 * 1024 * 1024), { mode: 0o600 })
    for (const one of paths) files.read(one, decode)
    expect(decoded).toBe(5)
    files.read(paths[4] ?? '', decode)
    expect(decoded).toBe(5)
    files.read(paths[0] ?? '', decode)
    expect(decoded).toBe(6)
  })
})
