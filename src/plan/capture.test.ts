import { describe, expect, it } from 'vitest'
import { jarOf, now } from '../../test/support/material.ts'
import { Jar } from '../cookies/jar.ts'
import type { Reveal } from '../rules/rule.ts'
import { type CapturedResponse, captureInto } from './capture.ts'

const response = (setCookie: readonly string[], more: Partial<CapturedResponse> = {}): CapturedResponse => ({
  scheme: 'https',
  host: 'app.example.com',
  port: 443,
  path: '/a/b?c=/d/e',
  status: 200,
  setCookie,
  clearSiteData: [],
  reveal: 'script',
  ...more,
})
const capture = (jar: Jar, setCookie: readonly string[], more?: Partial<CapturedResponse>) =>
  captureInto(jar, response(setCookie, more), now)
const names = (jar: Jar) => jar.all().map(({ name }) => name)

describe('Set-Cookie', () => {
  it('goes into the jar, with the path of the request as its default, without the query', () => {
    const jar = new Jar()
    expect(capture(jar, ['sid=1', 'csrf=2; Path=/']).capture.captured).toEqual(['sid', 'csrf'])
    expect(jar.all().map(({ name, path }) => [name, path])).toEqual([
      ['sid', '/a'],
      ['csrf', '/'],
    ])
  })

  it('is refused with the reason, and does not count as captured', () => {
    const { capture: result } = capture(new Jar(), [
      'a=1; Domain=evil.test',
      'b=1; Domain=com',
      'c=1\x01',
      '__Host-d=1',
      'e=1',
    ])
    expect(result.captured).toEqual(['e'])
    expect(result.refused.map(({ name }) => name)).toEqual(['a', 'b', 'c', '__Host-d'])
    for (const { reason } of result.refused) expect(reason).not.toBe('')
  })

  it('that deletes is reported apart, and not at all when there is nothing to delete', () => {
    const jar = jarOf(['https://app.example.com/', 'sid=1; Path=/'])
    const { capture: result } = capture(jar, ['sid=; Path=/; Max-Age=0', 'none=; Max-Age=0'])
    expect(result).toMatchObject({ captured: [], deleted: ['sid'] })
    expect(names(jar)).toEqual([])
  })

  it('in the response to a cross-site request obeys SameSite', () => {
    const { capture: result } = capture(new Jar(), ['a=1', 'b=1; SameSite=None; Secure'], {
      site: 'cross-site',
    })
    expect(result.captured).toEqual(['b'])
  })

  it('that the jar holds already asks for no write', () => {
    const jar = new Jar()
    expect(capture(jar, ['sid=1; HttpOnly']).changes).toHaveLength(1)
    const again = capture(jar, ['sid=1; HttpOnly'])
    expect(again.changes).toEqual([])
    expect(again.capture).toMatchObject({ captured: ['sid'], hidden: new Set([0]) })
  })

  it('gives changes that do the same to another jar', () => {
    const jar = jarOf(['https://app.example.com/', 'old=1; Path=/'])
    const other = jarOf(['https://app.example.com/', 'old=1; Path=/'])
    const { changes } = capture(jar, ['sid=1', 'old=; Path=/; Max-Age=0', 'evil=1; Domain=evil.test'])
    for (const change of changes) change.apply(other)
    expect(other.toRecord()).toEqual(jar.toRecord())
  })

  it('in thousands fills neither the jar nor more than a moment', () => {
    const jar = new Jar()
    const { capture: result } = capture(
      jar,
      Array.from({ length: 2000 }, (_, index) => `c${index}=1`),
    )
    expect(result.captured).toHaveLength(2000)
    expect(jar.all().length).toBeLessThanOrEqual(180)
  })

  it('named like the way to a prototype is a cookie like any other', () => {
    const jar = new Jar()
    expect(capture(jar, ['__proto__=1', 'constructor=2']).capture.captured).toEqual([
      '__proto__',
      'constructor',
    ])
    expect(names(jar)).toEqual(['__proto__', 'constructor'])
    expect(({} as { value?: unknown }).value).toBeUndefined()
  })
})

describe('what the client gets to see', () => {
  const lines = [
    'hidden=1; HttpOnly',
    'shown=1',
    'refusedhidden=1; Domain=evil.test; httponly ',
    'refusedshown=1; Domain=evil.test',
    'valued=1; HttpOnly=false',
    'httponly=1',
    'big=1; secure;HTTPONLY',
  ]
  it.each<[Reveal, number[]]>([
    ['script', [0, 2, 4, 6]],
    ['none', [0, 1, 2, 3, 4, 5, 6]],
    ['all', []],
  ])('with reveal %s lacks the lines %j', (reveal, hidden) =>
    expect([...capture(new Jar(), lines, { reveal }).capture.hidden]).toEqual(hidden),
  )
})

describe('Clear-Site-Data', () => {
  const jar = () => jarOf(['https://app.example.com/', 'sid=1'], ['https://www.example.com/', 'other=1'])

  it.each([[['"cookies"']], [['"*"']], [['"cache", "cookies"']]])('%j clears the site', (clearSiteData) => {
    const held = jar()
    const { capture: result, changes } = capture(held, [], { clearSiteData })
    expect(names(held)).toEqual([])
    expect(result.deleted).toEqual(['sid', 'other'])
    const again = jar()
    for (const change of changes) change.apply(again)
    expect(names(again)).toEqual([])
    expect(held.covers('app.example.com')).toBe(true)
  })

  it('takes along what the same response set', () => {
    const held = jar()
    const { capture: result } = capture(held, ['new=1; HttpOnly'], { clearSiteData: ['"cookies"'] })
    expect(names(held)).toEqual([])
    expect(result.captured).toEqual([])
    expect([...result.hidden]).toEqual([0])
  })

  it('clears nothing from plain http, nor for other types', () => {
    for (const more of [
      { scheme: 'http' as const, clearSiteData: ['"cookies"'] },
      { clearSiteData: ['"cache"'] },
    ]) {
      const held = jar()
      expect(capture(held, [], more).changes).toEqual([])
      expect(names(held)).toEqual(['sid', 'other'])
    }
  })
})
