import { describe, expect, test } from 'vitest'
import type { Cookie } from './cookie.ts'
import { cookieHeader, mergeCookies, parseCookieHeader } from './cookie-header.ts'

/** `name=value`, HttpOnly (and so hidden) when marked with a star. */
function held(...pairs: readonly string[]): Cookie[] {
  return pairs.map((pair) => {
    const equals = pair.indexOf('=')
    return {
      name: pair.slice(0, Math.max(0, equals)).replace('*', ''),
      value: pair.slice(equals + 1),
      domain: 'example.com',
      hostOnly: true,
      path: '/',
      secure: true,
      httpOnly: pair.includes('*'),
      sameSite: 'default',
      createdAt: 1,
      updatedAt: 1,
    }
  })
}

test.each<[cookies: string[], header: string]>([
  [[], ''],
  [['a=1'], 'a=1'],
  [['a=1', 'b=', '=c', '=d=e'], 'a=1; b=; c; d=e'],
  [['a=\xc3\xa9\xff'], 'a=\xc3\xa9\xff'],
])('%j are written %j', (cookies, header) => expect(cookieHeader(held(...cookies))).toBe(header))

test.each<[header: string, cookies: [name: string, value: string, raw: string][]]>([
  ['', []],
  [' ; ;', []],
  ['a=1', [['a', '1', 'a=1']]],
  [
    'a=1; b=2;c=3 ;  d=4',
    [
      ['a', '1', 'a=1'],
      ['b', '2', 'b=2'],
      ['c', '3', 'c=3'],
      ['d', '4', 'd=4'],
    ],
  ],
  ['a=b=c', [['a', 'b=c', 'a=b=c']]],
  ['a = 1', [['a', '1', 'a = 1']]],
  ['a="x y"', [['a', '"x y"', 'a="x y"']]],
  [
    'v; =w; =x=y',
    [
      ['', 'v', 'v'],
      ['', 'w', '=w'],
      ['', 'x=y', '=x=y'],
    ],
  ],
  [
    'a=1; a=2',
    [
      ['a', '1', 'a=1'],
      ['a', '2', 'a=2'],
    ],
  ],
  ['__proto__=1', [['__proto__', '1', '__proto__=1']]],
  ['a=\xa0', [['a', '\xa0', 'a=\xa0']]],
])('%j is read as %j', (header, cookies) => {
  expect(parseCookieHeader(header)).toEqual(cookies.map(([name, value, raw]) => ({ name, value, raw })))
})

describe('a client that sends cookies of its own', () => {
  test.each<[own: string, jar: string[], merged: string, why: string]>([
    ['', [], '', 'nothing from nothing'],
    ['', ['*sid=1', 'b=2'], 'sid=1; b=2', 'the jar alone'],
    ['x=1; y=2', [], 'x=1; y=2', 'the client alone'],
    ['x=1; y=2', ['*sid=s', 'csrf=c'], 'x=1; y=2; sid=s; csrf=c', 'its own first, as it sent them'],
    ['csrf=mine', ['*sid=s', 'csrf=c'], 'csrf=mine; sid=s', 'its value of what it sees'],
    ['sid=old', ['*sid=s', 'csrf=c'], 'sid=s; csrf=c', "the jar's value of what is hidden"],
    ['a=1; sid=old; b=2', ['*sid=s'], 'a=1; b=2; sid=s', 'around what is replaced'],
    ['SID=x', ['*sid=s'], 'SID=x; sid=s', 'names have a letter case'],
    ['x=1;y=2', ['*sid=s'], 'x=1; y=2; sid=s', 'spaces as a browser writes them'],
    ['a=1; a=2', ['*sid=s'], 'a=1; a=2; sid=s', 'both of one name'],
    ['a=1; a=2', ['a=j'], 'a=1; a=2', 'both of one name, for one that it sees'],
    ['a=1; a=2', ['*a=j'], 'a=j', 'none of a hidden name'],
    ['v', ['*sid=s'], 'v; sid=s', 'a nameless one'],
    ['=v', ['*sid=s'], '=v; sid=s', 'a nameless one as it was spelled'],
    ['v; w', ['*sid=s'], 'v; w; sid=s', 'two nameless ones'],
    ['v', ['=j'], 'v', 'its nameless one for one that it sees'],
    ['v', ['*=j'], 'v; j', 'a nameless one never goes, not even for a hidden one'],
    ['v', ['*=h', '=j'], 'v; h', 'and once, beside both kinds'],
    ['a=1', ['=j'], 'a=1; j', "the jar's nameless one"],
    ['a="x y"; b = 2', ['*sid=s'], 'a="x y"; b = 2; sid=s', 'values untouched'],
    // One name on two paths: servers take the first, which is the one with the longest path.
    ['a=mine', ['*a=long', 'a=short'], 'a=long; a=mine', 'its value in the place of the one it sees'],
    ['a=mine', ['a=long', '*a=short'], 'a=mine; a=short', 'and before, where that is the longer one'],
    ['z=1; a=m; a=n', ['*a=h', 'a=v', 'a=w'], 'z=1; a=h; a=m; a=n', 'and each of them once'],
    ['__proto__=1; constructor=2', ['*__proto__=j'], 'constructor=2; __proto__=j', 'names like any other'],
  ])('%j and %j give %j: %s', (own, jar, merged) => {
    expect(mergeCookies(parseCookieHeader(own), held(...jar), (cookie) => !cookie.httpOnly)).toBe(merged)
  })

  test('reveal decides which cookies it sees', () => {
    const own = parseCookieHeader('sid=mine; csrf=mine')
    const jar = held('*sid=s', 'csrf=c')
    expect(mergeCookies(own, jar, () => true)).toBe('sid=mine; csrf=mine')
    expect(mergeCookies(own, jar, () => false)).toBe('sid=s; csrf=c')
  })
})
