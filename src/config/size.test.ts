import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSize, sizeText } from './size.ts'

const max = 67_108_864

describe('a size', () => {
  it.each([
    ['0', 0],
    ['1500', 1_500],
    ['64KiB', 65_536],
    ['64 kib', 65_536],
    ['1MiB', 1_048_576],
    ['64MiB', max],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text, max)).toBe(bytes)
  })

  it.each(['', '-1', '1.5MiB', '64KB', '64K', 'KiB', '0x10', '1e3', '64KiB or so'])(
    '%j is not a size',
    (text) => {
      expect(() => parseSize(text, max)).toThrow('must be a size, such as 64KiB or 1MiB')
    },
  )

  it.each(['65MiB', '67108865', '999999999MiB'])('%s is too much', (text) => {
    expect(() => parseSize(text, max)).toThrow('must be at most 64MiB')
  })

  property.prop([fc.nat(max)])('is read as it is written', (bytes) => {
    expect(parseSize(sizeText(bytes), max)).toBe(bytes)
  })
})
