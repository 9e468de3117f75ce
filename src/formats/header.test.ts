import { describe, expect, it } from 'vitest'
import { cookiesOf, formatOfText, read } from '../../test/formats/read-text.ts'

describe('header', () => {
  it('needs the host that it is of', () => {
    expect(() => read('Cookie: a=b')).toThrow('name it')
    expect(cookiesOf(read('cookie: a=b; c="d e"; f\n', undefined, { host: 'example.com' }))).toEqual([
      { name: 'a', value: 'b', domain: 'example.com', secure: true },
      { name: 'c', value: '"d e"', domain: 'example.com', secure: true },
      { name: '', value: 'f', domain: 'example.com', secure: true },
    ])
  })

  it('is found in a request, which names the host', () => {
    const text = '> GET / HTTP/1.1\r\n> Host: app.example.com:8443\r\n> Cookie: a=b\r\n> Accept: x=y\r\n'
    const { cookies } = read(text)
    expect(formatOfText(text)).toBe('header')
    expect(cookies.map(({ where, cookie }) => [where, cookie.domain, cookie.name])).toEqual([
      ['line 3', 'app.example.com', 'a'],
    ])
  })

  it('may stand there without its name, when the format is named', () => {
    expect(cookiesOf(read('a=b; __Http-c=d', 'header', { host: 'example.com' }))).toEqual([
      { name: 'a', value: 'b', domain: 'example.com', secure: true },
      { name: '__Http-c', value: 'd', domain: 'example.com', secure: true, httpOnly: true },
    ])
  })
})
