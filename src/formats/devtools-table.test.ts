import { describe, expect, it } from 'vitest'
import { cookiesOf, formatOfText, read } from '../../test/formats/read-text.ts'
import type { GivenCookie } from './format.ts'

const a = { name: 'sid', value: 'abc', domain: 'a.test' }

describe('rows of the cookie table', () => {
  it.each<[what: string, row: string, cookie: Partial<GivenCookie>]>([
    [
      'Chrome',
      'sid\tabc\t.a.test\t/x\t2031-08-05T04:00:54.000Z\t6\t✓\t✓\tLax\t\t\tMedium',
      {
        ...a,
        hostOnly: false,
        path: '/x',
        httpOnly: true,
        secure: true,
        sameSite: 'lax',
        expiresAt: Date.UTC(2031, 7, 5, 4, 0, 54),
      },
    ],
    ['a session cookie', 'sid\tabc\ta.test\t/\tSession\t6\t\t\t\t\t\tMedium', a],
    ['lost TABs at the end', 'sid\tabc\ta.test\t/\tSession\t6', a],
    [
      'an older Chrome, SameParty',
      'sid\tabc\ta.test\t/\tSession\t6\t\t✓\tNone\t✓\tMedium',
      { ...a, secure: true, sameSite: 'none' },
    ],
    [
      'its own partition',
      'sid\tabc\twww.a.test\t/\tSession\t6\t\t✓\tNone\thttps://a.test\t\tMedium',
      { ...a, domain: 'www.a.test', secure: true, sameSite: 'none', partitioned: true },
    ],
    [
      'words',
      'sid\tabc\ta.test\t/\tSession\t6\ttrue\tfalse\tStrict',
      { ...a, httpOnly: true, sameSite: 'strict' },
    ],
    [
      'a value of other letters',
      'sid\tschön\ta.test\t/\tSession\t6\t\t\t',
      { ...a, value: 'sch\u00c3\u00b6n' },
    ],
    ['no value', 'sid\t\ta.test\t/\tSession\t3\t\t\t', { ...a, value: '' }],
  ])('reads %s', (_, row, cookie) => {
    const text = `${row}\r\n\n`
    expect(formatOfText(text)).toBe('devtools-table')
    const reading = read(text)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual([cookie])
    expect(reading.cookies[0]?.where).toBe('line 1')
  })

  it.each([
    ['sid\thunter2', 'fewer than 5 columns'],
    ['sid\thunter2\ta@b.test\t/\tSession\t6', 'column 3: the domain is not a host name'],
    ['sid\thun\tter2\ta.test\t/\tSession\t6', 'more than one column cannot be read'],
    [
      'sid\thunter2\ta.test\t/\tSession\t6\t\t✓\tNone\thttps://b.test\t\tMedium',
      'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site',
    ],
    [
      'sid\thunter2\ta.test\t/\tSession\t6\t\t✓\tNone\thttps://a.test\t✓\tMedium',
      'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site',
    ],
  ])('skips %j and goes on', (row, reason) => {
    const reading = read(`Name\tValue\tDomain\tPath\tExpires\n${row}\nsid\tabc\ta.test\t/\tSession\t6\n`)
    expect(reading.skipped).toEqual([{ where: 'line 2', reason }])
    expect(cookiesOf(reading)).toEqual([a])
  })

  it('that are something else altogether are one error', () => {
    expect(() => read('hunter2\nhunter3\n', 'devtools-table')).toThrow(/^line 1: fewer than 5 columns$/)
  })
})
