import { describe, expect, it } from 'vitest'
import { cookiesOf, formatOfText, read } from '../../test/formats/read-text.ts'
import type { GivenCookie } from './format.ts'

describe('curl', () => {
  const a = { name: 'a', value: 'b', domain: 'example.com', secure: true }
  it.each<[text: string, cookies: readonly Partial<GivenCookie>[]]>([
    [
      `curl 'https://example.com/x' -H 'Accept: */*' -H 'Cookie: a=b; c=d' --compressed`,
      [a, { ...a, name: 'c', value: 'd' }],
    ],
    [`curl 'https://example.com/x' \\\n  -b 'a=b' \\\n  --data-raw 'x=y;z' -X POST`, [a]],
    [`curl -sSLba=b https://example.com/`, [a]],
    [`curl --cookie=a=b --url https://example.com/ -o out.txt`, [a]],
    [`curl -o https://wrong.test/ -u me:pw -b a=b https://example.com/`, [a]],
    [`$ curl -H "cookie: a=b" "https://example.com/"`, [a]],
    [`curl $'https://example.com/' -H $'cookie: a=it\\'s\\u0021\\x41\\101'`, [{ ...a, value: "it's!AA" }]],
    [`curl $'https://example.com/' -b $'a=\\ud83d\\ude00'`, [{ ...a, value: '\xf0\x9f\x98\x80' }]],
    [`curl -b 'a=$B' https://example.com/`, [{ ...a, value: '$B' }]],
    [`curl -b "a=\\$B" https://example.com/`, [{ ...a, value: '$B' }]],
    [`curl -H "cookie: a=\\"q\\"" https://example.com/`, [{ ...a, value: '"q"' }]],
    [
      `curl ^"https://example.com/^" ^\r\n  -H ^"cookie: a=^\\^"q^\\^"; c=^%^41^" ^\r\n  --compressed`,
      [
        { ...a, value: '"q"' },
        { ...a, name: 'c', value: '%41' },
      ],
    ],
    [`curl 'https://example.com/' -H 'cookie: a=b' --data-raw '{"q":"x ^"}'`, [a]],
    [`curl -s ^"https://example.com/^" -b ^"a=b^"`, [a]],
    [`curl --ssl-no-revoke https://example.com/ --netrc-file x --append -b a=b`, [a]],
    [
      `curl -b a=b https://example.com/ --next -b a=c https://other.test/ -: -b a=d https://third.test/`,
      [a, { ...a, value: 'c', domain: 'other.test' }, { ...a, value: 'd', domain: 'third.test' }],
    ],
    [
      `url = https://example.com/\n--cookie "a=b"\nnext\nurl = "https://other.test/"\nb = a=c\n`,
      [a, { ...a, value: 'c', domain: 'other.test' }],
    ],
    [`curl -b a=b example.com`, [{ name: 'a', value: 'b', domain: 'example.com' }]],
    [`curl -b a=b https://[::1]:8080/`, [{ ...a, domain: '::1' }]],
    [
      `curl -b a=b https://example.com/ | jq . && curl -b a=c https://other.test/`,
      [a, { ...a, value: 'c', domain: 'other.test' }],
    ],
    [
      `url = "https://example.com/"\ncookie = "a=b"\nheader = "Cookie: c=\\"d\\\\\\""\n`,
      [a, { ...a, name: 'c', value: '"d\\"' }],
    ],
  ])('reads %j', (text, cookies) => {
    expect(formatOfText(text)).toBe('curl')
    const reading = read(text)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual(cookies)
  })

  it.each([
    ['curl -b cookies.txt https://example.com/', '-b names a file of cookies: import that file'],
    [
      'curl -H "Authorization: Bearer hunter2" https://example.com/',
      'an Authorization header is no cookie (hallpass token set keeps it)',
    ],
    ['curl -b a=hunter2', 'no URL that says which host the cookies are of'],
    ['curl -b a=hunter2 ftp://example.com/', 'no URL that says which host the cookies are of'],
    ['curl -b a=hunter2 https://exa$mple.com/', 'no URL that says which host the cookies are of'],
  ])('says of %j what it does not take', (text, reason) => {
    expect(read(`\n${text}\n`)).toEqual({ cookies: [], origins: [], skipped: [{ where: 'line 2', reason }] })
  })

  it.each(['hunter2', 'url', '# only a comment'])('is none in %j', (text) => {
    expect(() => read(text, 'curl')).toThrow(/^no curl command line in it$/)
  })

  it.each(['"a=$SID"', 'a=\u0024{SID}', '"a=$(cat sid)"', '"a=`cat sid`"', "'x='$SID", '"x=1; a=$SID"'])(
    'takes no %s, which a shell would have filled in',
    (word) => {
      const reading = read(`curl https://example.com/ -b ${word} -H 'cookie: b=1'`)
      expect(reading.cookies.map(({ cookie }) => cookie.name)).toEqual(['b'])
      expect(reading.skipped).toEqual([
        { where: 'line 1', reason: 'a variable, whose value only the shell knows' },
      ])
    },
  )

  it('takes more cookies of one command than a call takes arguments', () => {
    const many = Array.from({ length: 200_000 }, (_, index) => `c${index}=1`)
    expect(read(`curl https://example.com/ -b '${many.join('; ')}'`).cookies).toHaveLength(many.length)
  })

  it('names the line of a long command', () => {
    const { cookies } = read(
      `curl 'https://example.com/' \\\n -H 'x: y' \\\n -H 'cookie: a=b'\ncurl -b c=d https://other.test/`,
    )
    expect(cookies.map(({ where }) => where)).toEqual(['line 3', 'line 4'])
  })
})
