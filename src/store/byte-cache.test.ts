import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Secret } from '../secret.ts'
import { ByteCache, roughBytes } from './byte-cache.ts'

describe('a cache of 10 bytes', () => {
  it('drops the least recently used value when the next one does not fit', () => {
    const cache = new ByteCache<string, number>(10)
    cache.set('a', 1, 4)
    cache.set('b', 2, 4)
    expect(cache.get('a')).toBe(1)
    cache.set('c', 3, 4)
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3])
  })

  it('drops several small ones for a large one', () => {
    const cache = new ByteCache<number, string>(10)
    for (let key = 0; key < 10; key++) cache.set(key, 'small', 1)
    cache.set(10, 'large', 8)
    const kept = Array.from({ length: 11 }, (_, key) => key).filter((key) => cache.get(key) !== undefined)
    expect(kept).toEqual([8, 9, 10])
  })

  it('does not keep a value that is too large, and loses no other for it', () => {
    const cache = new ByteCache<string, number>(10)
    cache.set('a', 1, 10)
    cache.set('b', 2, 11)
    expect([cache.get('a'), cache.get('b')]).toEqual([1, undefined])
  })

  it('counts a value that is replaced or deleted no more', () => {
    const cache = new ByteCache<string, number>(10)
    for (let n = 0; n < 5; n++) cache.set('a', n, 6)
    cache.set('b', 1, 4)
    expect(cache.get('a')).toBe(4)
    cache.delete('a')
    cache.set('c', 2, 6)
    expect([cache.get('b'), cache.get('c')]).toEqual([1, 2])
  })
})

describe('the rough size', () => {
  test.prop([fc.jsonValue()])('of JSON is at least half of its text', (value) => {
    expect(roughBytes(value)).toBeGreaterThanOrEqual((JSON.stringify(value).length - 24) / 2)
  })

  it('of a secret is that of a long token, whatever its length', () => {
    expect(roughBytes(new Secret('a'))).toBe(roughBytes(new Secret('b'.repeat(99))))
  })
})
