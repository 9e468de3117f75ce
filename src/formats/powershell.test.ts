import { describe, expect, it } from 'vitest'
import { cookiesOf, formatOfText, read } from '../../test/formats/read-text.ts'

const object = (...texts: string[]) =>
  `$session.Cookies.Add((New-Object System.Net.Cookie(${texts.map((text) => `"${text}"`).join(', ')})))`
const request = (uri: string) => `Invoke-WebRequest -UseBasicParsing -Uri "${uri}" \`\n-WebSession $session`

describe('Copy as PowerShell', () => {
  it('reads the cookies of each request', () => {
    const text = [
      '$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession',
      object('sid', 'abc', '/', 'app.example.com'),
      object('wide', 'x`"`$`` $([char]233)$([char]55357)$([char]56832)', '/p', '.example.com'),
      object('__Http-h', '1', '/', 'app.example.com'),
      request('https://app.example.com/me'),
      object('p', '1', '/', 'plain.test'),
      request('http://plain.test/'),
    ].join('\n')
    expect(formatOfText(text)).toBe('powershell')
    const reading = read(text)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual([
      { name: 'sid', value: 'abc', domain: 'app.example.com', secure: true },
      {
        name: 'wide',
        value: 'x"$` \u00c3\u00a9\u00f0\u009f\u0098\u0080',
        domain: 'example.com',
        hostOnly: false,
        path: '/p',
        secure: true,
      },
      { name: '__Http-h', value: '1', domain: 'app.example.com', secure: true, httpOnly: true },
      { name: 'p', value: '1', domain: 'plain.test' },
    ])
    expect(reading.cookies.map(({ where }) => where)).toEqual(['line 2', 'line 3', 'line 4', 'line 7'])
  })

  it('reads the Cookie header of older browsers', () => {
    const reading = read('Invoke-WebRequest -Uri "https://a.test/x" -Headers @{"Cookie"="a=b; c=d"; "x"="y"}')
    expect(cookiesOf(reading)).toEqual([
      { name: 'a', value: 'b', domain: 'a.test', secure: true },
      { name: 'c', value: 'd', domain: 'a.test', secure: true },
    ])
  })

  it.each([
    [object('a', '$sid', '/', 'a.test'), 'not four texts in double quotes: only PowerShell knows the values'],
    [object('a', 'hunter2', '/'), 'not four texts in double quotes: only PowerShell knows the values'],
    [object('a', 'hunter2', '/', 'a@b.test'), 'the domain is not a host name'],
    [
      'Invoke-WebRequest -Uri "https://a.test/" -Headers @{"authorization"="Bearer hunter2"}',
      'an authorization header is no cookie (hallpass token set keeps it)',
    ],
    ['Invoke-WebRequest @{"cookie"="a=hunter2"}', 'no URL that says which host the cookies are of'],
    [
      'Invoke-WebRequest -Uri "https://a.test/" -Headers @{"cookie"="a=$sid"}',
      'a variable, whose value only the shell knows',
    ],
  ])('names the part of %j that it does not take', (text, reason) => {
    expect(read(text)).toEqual({ cookies: [], origins: [], skipped: [{ where: 'line 1', reason }] })
  })

  it('says that a command has no cookie', () => {
    expect(() => read(request('https://a.test/'))).toThrow('no cookie in the PowerShell command')
  })
})
