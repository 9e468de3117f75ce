import { describe, expect, it } from 'vitest'
import { cookiesOf, read } from '../../test/formats/read-text.ts'

describe('har', () => {
  const entry = (url: string, request: object, response: object = {}) => ({
    startedDateTime: '2025-12-31T00:00:00.000Z',
    request: { url, headers: [], cookies: [], ...request },
    response: { headers: [], ...response },
  })
  const harOf = (...entries: object[]) => JSON.stringify({ log: { version: '1.2', entries } })
  const set = (...lines: string[]) => ({ headers: lines.map((value) => ({ name: 'Set-Cookie', value })) })
  const sent = (value: string) => ({ headers: [{ name: 'cookie', value }] })
  const recorded = Date.UTC(2025, 11, 31)

  it('replays the cookies of responses and requests in order', () => {
    const reading = read(
      harOf(
        entry(
          'https://app.example.com/login',
          {},
          set('sid=1; Domain=example.com; HttpOnly; Max-Age=172800\nlang=de; Path=/'),
        ),
        entry('https://app.example.com/me', sent('sid=1; lang=de; script=x')),
        entry(
          'https://app.example.com/me',
          sent('sid=1; lang=en; script=x'),
          set('sid=2; Domain=example.com; HttpOnly; Max-Age=172800'),
        ),
        entry('http://plain.test/', sent('p=1'), set('gone=1')),
        entry(
          'http://plain.test/',
          {},
          set('gone=; Max-Age=0', 'bad=hunter2; Domain=co.uk', 'sec=hunter2; Secure'),
        ),
        entry('chrome-extension://abc/', {}),
        entry('wss://ws.test/', sent('w=1')),
      ),
    )
    expect(cookiesOf(reading)).toEqual(
      [
        {
          name: 'sid',
          value: '2',
          domain: 'example.com',
          hostOnly: false,
          path: '/',
          httpOnly: true,
          expiresAt: recorded + 172_800_000,
        },
        { name: 'lang', value: 'en', domain: 'app.example.com' },
        { name: 'script', value: 'x', domain: 'app.example.com', secure: true },
        { name: 'p', value: '1', domain: 'plain.test' },
        { name: 'w', value: '1', domain: 'ws.test', secure: true },
      ].map(({ path: _, ...rest }: Record<string, unknown>) => rest),
    )
    expect(reading.skipped).toEqual([
      { where: 'log.entries[4].response', reason: 'the domain is a public suffix or not a host name' },
      { where: 'log.entries[4].response', reason: 'Secure, but set over http' },
    ])
  })

  // A reader that compares each cookie with those of every site needs longer than this limit.
  it('of a long visit to many sites is played site by site', { timeout: 60_000 }, () => {
    const many = Array.from({ length: 8000 }, (_, index) =>
      entry(`https://s${index % 2000}.test/`, sent('a=1; b=2'), set(`c${index % 5}=1`)),
    )
    expect(read(harOf(...many)).cookies).toHaveLength(2000 * 3)
  })

  it('names the cookies that a site pushed out, and not those that it deleted', () => {
    const lines = Array.from({ length: 182 }, (_, index) => `c${index}=1`)
    const reading = read(harOf(entry('https://a.test/', {}, set(...lines, 'c100=; Max-Age=0'))))
    expect(reading.cookies).toHaveLength(179)
    const reason = 'no room: later ones of the site went before it'
    expect(reading.skipped).toEqual(Array(2).fill({ where: 'log.entries[0].response', reason }))
  })

  it('takes the attributes that Chrome gives to the cookies of a request', () => {
    const cookies = [
      {
        name: 'sid',
        value: 'v',
        path: '/x',
        domain: '.example.com',
        expires: '2026-06-01T00:00:00.000Z',
        httpOnly: true,
        secure: true,
        sameSite: 'None',
      },
    ]
    const reading = read(harOf(entry('https://app.example.com/x/y', { cookies, ...sent('sid=v') })))
    expect(cookiesOf(reading)).toEqual([
      {
        name: 'sid',
        value: 'v',
        domain: 'example.com',
        hostOnly: false,
        path: '/x',
        httpOnly: true,
        secure: true,
        sameSite: 'none',
        expiresAt: Date.UTC(2026, 5, 1),
      },
    ])
  })
})
