import { describe, expect, it } from 'vitest'
import { cookiesOf, now, read } from '../../test/formats/read-text.ts'

describe('set-cookie', () => {
  it('reads the output of curl -v, for the host in it', () => {
    const text = `$ curl -v https://app.example.com:8443/
* Trying 127.0.0.1...
> GET / HTTP/1.1
> Host: app.example.com:8443
>
< HTTP/1.1 200 OK
< Set-Cookie: sid=1; Path=/x; Secure; HttpOnly; SameSite=Lax; Max-Age=60
< set-cookie: d=2; Domain=.example.com
< Set-Cookie: foreign=3; Domain=other.test
< Set-Cookie: pub=4; Domain=com
`
    const reading = read(text)
    expect(cookiesOf(reading)).toEqual([
      {
        name: 'sid',
        value: '1',
        domain: 'app.example.com',
        path: '/x',
        secure: true,
        httpOnly: true,
        sameSite: 'lax',
        expiresAt: now + 60_000,
      },
      { name: 'd', value: '2', domain: 'example.com', hostOnly: false },
    ])
    expect(reading.skipped).toEqual([
      { where: 'line 9', reason: 'the domain is not of this host' },
      { where: 'line 10', reason: 'the domain is a public suffix or not a host name' },
    ])
  })

  it('without a host takes the lines that have a Domain', () => {
    const reading = read(
      'Set-Cookie: a=1; Domain=example.com\nSet-Cookie: b=hunter2\nSet-Cookie: c=3; Domain=co.uk\n',
    )
    expect(cookiesOf(reading)).toEqual([{ name: 'a', value: '1', domain: 'example.com', hostOnly: false }])
    expect(reading.skipped.map(({ where }) => where)).toEqual(['line 2', 'line 3'])
  })

  it('takes bare values, one a line, for the host that is named', () => {
    const reading = read('a=1; Path=/\n\nb=2\n', 'set-cookie', { host: 'example.com' })
    expect(cookiesOf(reading)).toEqual([
      { name: 'a', value: '1', domain: 'example.com' },
      { name: 'b', value: '2', domain: 'example.com' },
    ])
  })
})
