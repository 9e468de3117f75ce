import { describe, expect, it } from 'vitest'
import { fieldLine } from '../http1/field-line.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import { siteOfRequest } from './site-of-request.ts'

const target: Parameters<typeof siteOfRequest>[1] = { scheme: 'https', host: 'app.bank.example', port: 443 }

function headOf(fields: readonly (readonly [string, string])[], method = 'GET'): RequestHead {
  const lines = fields.map(([name, value]) => fieldLine(name, value))
  return { kind: 'request', method, target: '/', minor: 1, fields: lines } as unknown as RequestHead
}

const siteOf = (
  fields: readonly (readonly [string, string])[],
  trustOrigins?: readonly string[],
  to = target,
) =>
  siteOfRequest(
    headOf(fields),
    to,
    trustOrigins === undefined
      ? []
      : [
          {
            hosts: ['*.bank.example'].map(parseHostPattern),
            trustOrigins: trustOrigins.map(parseHostPattern),
          },
        ],
  )

describe('the site of a request', () => {
  it.each([
    ['nothing, as tools send it', []],
    ['the Origin of the host itself', [['Origin', 'https://app.bank.example']]],
    ['the Origin of another host of the site', [['Origin', 'https://www.bank.example:8443']]],
    ['the Referer of a page of the site', [['Referer', 'https://bank.example/a?b']]],
    [
      'the Origin of the site, whatever the Referer',
      [
        ['Origin', 'https://bank.example'],
        ['Referer', 'https://evil.example/'],
      ],
    ],
    [
      'a browser that says same-origin',
      [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Origin', 'https://evil.example'],
      ],
    ],
    [
      'a browser that says none',
      [
        ['Sec-Fetch-Site', 'none'],
        ['Sec-Fetch-Mode', 'navigate'],
      ],
    ],
  ] as const)('is the same with %s', (_, fields) => {
    expect(siteOf(fields)).toBe('same-site')
  })

  it.each([
    ['the Origin of another site', [['Origin', 'https://evil.example']]],
    ['an Origin that begins like the site', [['Origin', 'https://bank.example.evil.example']]],
    ['an Origin that ends like the site', [['Origin', 'https://evilbank.example']]],
    ['a sandboxed page', [['Origin', 'null']]],
    ['the Origin of a page over plain http', [['Origin', 'http://app.bank.example']]],
    ['an Origin that no URL has', [['Origin', 'bank.example']]],
    ['an empty Origin', [['Origin', '']]],
    ['a page of a file', [['Origin', 'file://']]],
    [
      'two Origins, the first of the site',
      [
        ['Origin', 'https://app.bank.example'],
        ['Origin', 'https://evil.example'],
      ],
    ],
    [
      'two equal Origins',
      [
        ['Origin', 'https://app.bank.example'],
        ['Origin', 'https://app.bank.example'],
      ],
    ],
    ['the Referer of another site', [['Referer', 'https://evil.example/']]],
    ['a Referer that is no URL', [['Referer', 'about:blank']]],
    ['user info that looks like the site', [['Origin', 'https://app.bank.example@evil.example']]],
    [
      'a browser that says cross-site',
      [
        ['Sec-Fetch-Site', 'Cross-Site'],
        ['Origin', 'https://app.bank.example'],
      ],
    ],
    [
      'a browser that says both',
      [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Site', 'same-site'],
      ],
    ],
    [
      'a browser that says both the other way round',
      [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Site', 'cross-site'],
      ],
    ],
    ['a browser that says both on one line', [['Sec-Fetch-Site', 'same-origin, cross-site']]],
    [
      'a browser that says both on one line, and navigates',
      [
        ['Sec-Fetch-Site', 'cross-site,none'],
        ['Sec-Fetch-Mode', 'navigate'],
      ],
    ],
    ['a browser that says an unknown word', [['Sec-Fetch-Site', 'same']]],
    ['a browser that says nothing', [['Sec-Fetch-Site', '']]],
  ] as const)('is another with %s', (_, fields) => {
    expect(siteOf(fields)).toBe('cross-site')
  })

  it('is another between two hosts of a public suffix', () => {
    expect(
      siteOf([['Origin', 'https://evil.github.io']], undefined, { ...target, host: 'me.github.io' }),
    ).toBe('cross-site')
  })

  it('is the same for web pages of one address', () => {
    const here = { scheme: 'http', host: '::1', port: 8080 } as const
    expect(siteOfRequest(headOf([['Origin', 'http://[::1]:3000']]), here, [])).toBe('same-site')
  })

  it.each([
    ['portal.example.net', 'https://portal.example.net', 'same-site'],
    ['portal.example.net', 'http://portal.example.net', 'same-site'],
    ['portal.example.net:8443', 'https://portal.example.net:8443', 'same-site'],
    ['portal.example.net:8443', 'https://portal.example.net', 'cross-site'],
    ['*.example.net', 'https://a.example.net', 'same-site'],
    ['*.example.net', 'https://a.example.org', 'cross-site'],
    ['portal.example.net', 'null', 'cross-site'],
    ['*', 'null', 'same-site'],
    ['*', 'https://evil.example', 'same-site'],
  ])('with trustOrigins %s and the Origin %s is %s', (trusted, origin, site) => {
    expect(siteOf([['Origin', origin]], [trusted])).toBe(site)
  })

  it.each([
    ['Same-Origin', 'same-site'],
    ['cross-site', 'cross-site'],
  ])('with Sec-Fetch-Site: %s is %s, whatever trustOrigins says', (fetchSite, site) => {
    const fields = [
      ['Sec-Fetch-Site', fetchSite],
      ['Origin', 'https://portal.example.net'],
    ] as const
    for (const trusted of [[], ['portal.example.net'], ['*']]) expect(siteOf(fields, trusted)).toBe(site)
  })

  it('is cross-site for a navigation by a link, which carries Lax cookies, only as Fetch Metadata says', () => {
    const link = [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Sec-Fetch-Mode', 'navigate'],
    ] as const
    expect(siteOfRequest(headOf(link), target, [])).toBe('cross-site-navigation')
    expect(siteOfRequest(headOf(link, 'POST'), target, [])).toBe('cross-site')
    const opened = (dest: string) => siteOfRequest(headOf([...link, ['Sec-Fetch-Dest', dest]]), target, [])
    expect(opened('document')).toBe('cross-site-navigation')
    expect(opened('iframe')).toBe('cross-site')
  })
})
