import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { fc, it } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { LeakSearch } from '../support/leaks.ts'
import { temporaryHome } from '../support/temporary-home.ts'

const secret = 'known/secret+of&the~test'
const found = (text: string) => new LeakSearch({ it: secret }).text('there', text).leaks.length > 0

describe('the search for leaks', () => {
  it.prop([fc.string(), fc.string()])(
    'finds a secret in any spelling and in any context',
    (before, behind) => {
      const all = before + secret + behind
      expect(found(all)).toBe(true)
      expect(found(JSON.stringify({ all }))).toBe(true)
      expect(found(new URLSearchParams({ all }).toString())).toBe(true)
      expect(found(Buffer.from(all).toString('base64'))).toBe(true)
      expect(found(Buffer.from(all).toString('base64url'))).toBe(true)
      expect(found(Buffer.from(all).toString('hex'))).toBe(true)
      expect(found(before + behind)).toBe(false)
    },
  )

  it('finds a secret in files, compressed files, file names and the environment of this process', () => {
    const { root } = temporaryHome()
    const search = new LeakSearch({ it: 'known-secret-of-the-test' })
    search.folder(root)
    expect(search.leaks).toEqual([])
    writeFileSync(join(root, 'plain'), 'x known-secret-of-the-test')
    writeFileSync(join(root, 'old.gz'), gzipSync('known-secret-of-the-test'))
    writeFileSync(join(root, 'known-secret-of-the-test'), '')
    expect(search.folder(root).leaks).toHaveLength(3)
    const own = new LeakSearch({ it: process.env.PATH ?? '' }).processes()
    expect(own.leaks.map(({ where }) => where)).toContain(`/proc/${process.pid}/environ`)
  })
})
