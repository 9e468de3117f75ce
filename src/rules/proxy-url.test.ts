import { describe, expect, it } from 'vitest'
import { parseProxyUrl } from './proxy-url.ts'

const at = (text: string) => {
  const { text: shown, user, password } = parseProxyUrl(text)
  return [shown, user, password]
}

describe('a user and a password are taken as people paste them', () => {
  it.each([
    ['http://ada:hunter2@proxy.example:3128', 'ada', 'hunter2'],
    ['ada:hunter2@proxy.example:3128', 'ada', 'hunter2'],
    [' http://ada:hunter2@proxy.example:3128/\n', 'ada', 'hunter2'],
    ['http://ada:p%40ss%2F1@proxy.example:3128', 'ada', 'p@ss/1'],
    ['http://ada:p@ss@proxy.example:3128', 'ada', 'p@ss'],
    ['http://ada:p:s:s@proxy.example:3128', 'ada', 'p:s:s'],
    ['http://ada:hun/ter2@proxy.example:3128', 'ada', 'hun/ter2'],
    ['http://ada:hun#ter?2@proxy.example:3128', 'ada', 'hun#ter?2'],
    ['http://ada:hun\\ter2@proxy.example:3128', 'ada', 'hun\\ter2'],
    ['http://CORP\\ada:hunter2@proxy.example:3128', 'CORP\\ada', 'hunter2'],
    ['http://ada:50%off@proxy.example:3128', 'ada', '50%off'],
    ['http://ada:100%@proxy.example:3128', 'ada', '100%'],
    ['http://ada:100%25@proxy.example:3128', 'ada', '100%'],
    ['http://ada:p ss"[1]@proxy.example:3128', 'ada', 'p ss"[1]'],
    ['http://ada:pä%C3%A4@proxy.example:3128', 'ada', 'pää'],
    ['http://ada@proxy.example:3128', 'ada', ''],
    ['http://proxy.example:3128', '', ''],
  ])('%j', (text, user, password) => {
    expect(at(text)).toEqual(['http://proxy.example:3128', user, password])
  })

  it.each([
    ['socks5h://ada:a/b@[2001:db8::1]:1080', 'socks5h://[2001:db8::1]:1080'],
    ['https://ada:a/b@proxy.example', 'https://proxy.example'],
  ])('also before another scheme and host: %s', (text, shown) => {
    expect(at(text)).toEqual([shown, 'ada', 'a/b'])
  })
})

describe('a text that could name another host is refused, without its words', () => {
  it.each([
    'http://ada:1/ter2@proxy.example',
    'http://ada/ter2@proxy.example',
    'http://evil.example/@proxy.example',
    'http://evil.example#@proxy.example',
    'http://evil.example:80?x@proxy.example',
    'http://u@evil.example/x@proxy.example',
    'http://evil.example\\@proxy.example',
    'http://ada:pw@proxy.example:3128/path',
    'http://ada:pw@proxy.example/?q',
    'http://ada:a%2Fb%x@proxy.example',
    'http://ada:%ff@proxy.example',
    'http://ada:pw@',
    'http://ada:pw@proxy.example:99999',
    'ftp://ada:pw@proxy.example',
  ])('%s', (text) => {
    expect(() => parseProxyUrl(text)).toThrow(/^(?!.*(?:ada|ter2|pw|evil))/)
  })
})
