import { describe, expect, it } from 'vitest'
import { parseRequestTarget } from './request-target.ts'

const absolute = (scheme: string, authority: object, path: string) => ({
  form: 'absolute',
  scheme,
  authority,
  path,
})

describe('a request target', () => {
  it.each([
    ['GET', '/', { form: 'origin', path: '/' }],
    ['GET', '/a?b=c|d{e}"', { form: 'origin', path: '/a?b=c|d{e}"' }],
    ['GET', '//b.example/', { form: 'origin', path: '//b.example/' }],
    ['GET', '/\xc3\xbc', { form: 'origin', path: '/\xc3\xbc' }],
    ['OPTIONS', '*', { form: 'asterisk' }],
    ['GET', 'http://a.example/x?y', absolute('http', { host: 'a.example' }, '/x?y')],
    ['GET', 'HTTPS://A.example:8443', absolute('https', { host: 'a.example', port: 8443 }, '/')],
    ['GET', 'http://a.example?y', absolute('http', { host: 'a.example' }, '/?y')],
    ['GET', 'http://[::1]:80/', absolute('http', { host: '::1', port: 80 }, '/')],
    ['OPTIONS', 'http://a.example', absolute('http', { host: 'a.example' }, '*')],
    ['OPTIONS', 'http://a.example/', absolute('http', { host: 'a.example' }, '/')],
    ['CONNECT', 'a.example:443', { form: 'authority', authority: { host: 'a.example', port: 443 } }],
    ['CONNECT', '[::1]:443', { form: 'authority', authority: { host: '::1', port: 443 } }],
  ])('of %s %s is read', (method, target, read) => {
    expect(parseRequestTarget(method, target)).toEqual(read)
  })

  it.each([
    ['nothing', 'GET', ''],
    ['a path without slash', 'GET', 'a'],
    ['a fragment', 'GET', '/a#b'],
    ['a fragment behind an absolute target', 'GET', 'http://a.example#@b.example/'],
    ['a space', 'GET', '/a b'],
    ['a tab', 'GET', '/a\tb'],
    ['a NUL', 'GET', '/a\0b'],
    ['a CR', 'GET', '/a\rb'],
    ['an LF', 'GET', '/a\nb'],
    ['a DEL', 'GET', '/a\x7f'],
    ['a character that is not a byte', 'GET', '/a\u010ab'],
    ['an asterisk but for OPTIONS', 'GET', '*'],
    ['an authority but for CONNECT', 'GET', 'a.example:443'],
    ['a path for CONNECT', 'CONNECT', '/'],
    ['a URL for CONNECT', 'CONNECT', 'https://a.example:443'],
    ['CONNECT without a port', 'CONNECT', 'a.example'],
    ['CONNECT with userinfo', 'CONNECT', 'a.example@b.example:443'],
    ['an absolute target without host', 'GET', 'http:///x'],
    ['an absolute target with userinfo', 'GET', 'http://a.example@b.example/'],
    ['an absolute target with a backslash', 'GET', 'http://a.example\\@b.example/'],
    ['an absolute target with one slash', 'GET', 'http:/a.example'],
    ['an invalid scheme', 'GET', '1http://a.example/'],
    ['a URL in the path of nothing', 'GET', '://a.example/'],
  ])('is refused with %s', (_, method, target) => {
    expect(parseRequestTarget(method, target)).toBeUndefined()
  })
})
