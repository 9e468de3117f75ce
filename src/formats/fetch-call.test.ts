import { describe, expect, it } from 'vitest'
import { cookiesOf, formatOfText, read } from '../../test/formats/read-text.ts'

/** As Chrome copies it. */
const call = (url: string, headers: object) =>
  `fetch(${JSON.stringify(url)}, ${JSON.stringify({ headers, body: null, method: 'GET' }, null, 2)});`

describe('Copy as fetch', () => {
  it('reads the Cookie header of each call', () => {
    const text = [
      call('https://app.example.com/me', { accept: '*/*', cookie: 'sid=abc; v="}\\"' }),
      call('http://plain.test:8080/', { Cookie: 'p=schön' }),
      'fetch("https://app.example.com/");\n',
    ].join(' ;\n')
    expect(formatOfText(text)).toBe('fetch')
    const reading = read(text)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual([
      { name: 'sid', value: 'abc', domain: 'app.example.com', secure: true },
      { name: 'v', value: '"}\\"', domain: 'app.example.com', secure: true },
      { name: 'p', value: 'sch\u00c3\u00b6n', domain: 'plain.test' },
    ])
    expect(reading.cookies.map(({ where }) => where)).toEqual(['line 1', 'line 1', 'line 9'])
  })

  it('names a credential, and a call that is no JSON', () => {
    const text = `${call('https://a.test/', { authorization: 'Bearer hunter2' })}\nfetch("https://a.test/", {method: 'GET'})`
    expect(read(text)).toEqual({
      cookies: [],
      origins: [],
      skipped: [
        { where: 'line 1', reason: 'an authorization header is no cookie (hallpass token set keeps it)' },
        { where: 'line 8', reason: 'a call of fetch that no browser copies' },
      ],
    })
  })

  it('takes no cookie for a URL without a host', () => {
    const { skipped } = read(call('file:///etc/passwd', { cookie: 'a=hunter2' }))
    expect(skipped).toEqual([{ where: 'line 1', reason: 'no URL that says which host the cookies are of' }])
  })

  it('says which menu item has the cookies', () => {
    expect(() => read(call('https://a.test/', { accept: '*/*' }))).toThrow(
      'no call of fetch with a Cookie header in it: choose "Copy as fetch (Node.js)"',
    )
  })
})
