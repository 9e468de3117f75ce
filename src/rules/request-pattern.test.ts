import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { matchesRequest, parseRequestPattern } from './request-pattern.ts'

describe('a request pattern', () => {
  it.each([
    ['GET', /method and a path/],
    ['/x', /method and a path/],
    ['GET x', /method and a path/],
    ['GET  ', /method and a path/],
    ['G,T /x', /method and a path/],
    ['GET /x /y', /method and a path/],
    ['GET /x\r\nEvil: 1', /method and a path/],
    ['GET /x?a=1', /no query/],
    ['GET /x#a', /no query/],
    ['GET /***', /means nothing/],
  ])('refuses %j', (text, reason) => expect(() => parseRequestPattern(text)).toThrow(reason))

  it('is shown as it was written, tidied', () =>
    expect(parseRequestPattern(' POST   /repos/*/issues ').text).toBe('POST /repos/*/issues'))
})

describe('matching', () => {
  it.each([
    ['GET /**', 'GET', '/', true],
    ['GET /**', 'GET', '/a/b?c=d', true],
    ['GET /**', 'HEAD', '/a', true],
    ['GET /**', 'POST', '/a', false],
    ['GET /**', 'get', '/a', false],
    ['HEAD /**', 'GET', '/a', false],
    ['* /a', 'PURGE', '/a', true],
    ['GET /a', 'GET', '/a', true],
    ['GET /a', 'GET', '/a?x=/../y', true],
    ['GET /a', 'GET', '/a/', false],
    ['GET /a', 'GET', '/ab', false],
    ['GET /a', 'GET', '/A', false],
    ['GET /a.b', 'GET', '/axb', false],
    ['GET /(a|b)+', 'GET', '/a', false],
    ['GET /repos/*/issues', 'GET', '/repos/x/issues', true],
    ['GET /repos/*/issues', 'GET', '/repos/x/y/issues', false],
    ['GET /repos/*/issues', 'GET', '/repos//issues', false],
    ['GET /a/**/c', 'GET', '/a/b/c', true],
    ['GET /a/**/c', 'GET', '/a//c', false],
    ['GET /repos/*', 'GET', '/repos/group%2Fname', false],
    ['GET /repos/**', 'GET', '/repos/group%2Fname', true],
    ['GET /public/**', 'GET', '/public/a%20b', true],
    ['GET /public/**', 'GET', '/public/100%', true],
    ['GET /public/**', 'GET', '/public/..a/b..', true],
    ['GET /public/**', 'GET', 'http://evil.test/public/a', false],
    ['GET /public/**', 'GET', '*', false],
  ])('%s and %s %s: %j', (pattern, method, path, matches) =>
    expect(matchesRequest(parseRequestPattern(pattern), method, path)).toBe(matches),
  )

  it.each([
    '/public/../admin',
    '/public/./../admin',
    '/public/..',
    '/public/.',
    '/public/%2e%2e/admin',
    '/public/.%2E/admin',
    '/public/..%2fadmin',
    '/public/..%5cadmin',
    '/public/..\\admin',
    '/public\\..\\admin',
    '/public/%252e%252e/admin',
    '/public/%25252e%25252e%25252fadmin',
    '/public/..;/admin',
    '/public/..;jsessionid=1/admin',
    '/public//../admin',
    '/public/%00',
    '/public/%0d%0aX:',
    '//public/x',
    '/%2fpublic/x',
    `/public/${'%25'.repeat(3)}%25252525252e`,
  ])('lets %s not through GET /public/**', (path) =>
    expect(matchesRequest(parseRequestPattern('GET /public/**'), 'GET', path)).toBe(false),
  )

  const segment = fc.constantFrom(
    'public',
    'admin',
    '..',
    '.',
    '',
    '%2e%2e',
    '..%2f',
    '%5c..',
    'x',
    ';',
    '..;a',
    '%25',
  )
  test.prop([fc.array(segment, { maxLength: 6 })])(
    'never lets a path through that an origin may resolve to another folder',
    (segments) => {
      const path = `/public/${segments.join('/')}`
      if (!matchesRequest(parseRequestPattern('GET /public/**'), 'GET', path)) return
      let decoded = path
      for (let round = 0; round < 6; round++)
        decoded = decoded
          .replaceAll('%25', '%')
          .replaceAll(/%2e/gi, '.')
          .replaceAll(/%2f/gi, '/')
          .replaceAll(/%5c/gi, '/')
      expect(new URL(decoded.replaceAll(/;[^/]*/g, ''), 'http://h').pathname.startsWith('/public/')).toBe(
        true,
      )
    },
  )
})
