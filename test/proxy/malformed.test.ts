import { describe, expect, it } from 'vitest'
import { onHead } from '../support/origin.ts'
import { scene } from '../support/scene.ts'

const host = 'Host: site.test\r\n'
const get = (path = '/') => `GET ${path} HTTP/1.1\r\n${host}\r\n`
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const post = (fields: string, body = '') => `POST / HTTP/1.1\r\n${host}${fields}\r\n${body}`

describe('a malformed request', () => {
  it.each([
    [400, post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    [400, post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n')],
    [400, post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello')],
    [400, post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello!')],
    [400, post('Content-Length: +5\r\n', 'hello')],
    [400, post('Content-Length: 0x5\r\n', 'hello')],
    [400, post('Content-Length: 5, 5\r\n', 'hello')],
    [400, post('Content-Length: \r\n')],
    [400, post('Content-Length : 5\r\n', 'hello')],
    [400, post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')],
    [400, post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
    [501, post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
    [501, post('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    [400, post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n')],
    [400, post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n')],
    [400, post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')],
    [400, `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    [400, `GET / HTTP/1.1\r\n${host}X: a\nInjected: b\r\n\r\n`],
    [400, `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`],
    [400, `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
    [400, `GET / HTTP/1.1\r\n${host}no colon\r\n\r\n`],
    [400, `GET / HTTP/1.1\r\n${host}: empty name\r\n\r\n`],
    [400, `GET / HTTP/1.1\r\n${host} folded\r\n\r\n`],
    [400, `GET  / HTTP/1.1\r\n${host}\r\n`],
    [400, `GET / HTTP/1.1 \r\n${host}\r\n`],
    [400, `GET /a b HTTP/1.1\r\n${host}\r\n`],
    [400, `GET /\0 HTTP/1.1\r\n${host}\r\n`],
    [400, `GET /#frag HTTP/1.1\r\n${host}\r\n`],
    [400, `G(T / HTTP/1.1\r\n${host}\r\n`],
    [400, 'GET /\r\n\r\n'],
    [505, `GET / HTTP/2.0\r\n${host}\r\n`],
    [505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [431, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`],
    [431, `GET / HTTP/1.1\r\n${host}X: ${'x'.repeat(70_000)}\r\n\r\n`],
    [431, `GET / HTTP/1.1\r\n${host}${'X: 1\r\n'.repeat(300)}\r\n`],
  ])('is answered with %i and goes no further: %j', async (status, request) => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.secure('site.test')
    client.send(`${request}${get('/smuggled')}`)
    const answer = await client.response()
    expect(answer.status).toBe(status)
    expect(answer.head).toMatch(/Hallpass-Error: (?:request-malformed|head-too-large)\r\n/)
    expect(answer.head).toContain('Connection: close\r\n')
    expect(await client.rest()).toBe('')
    expect(s.origin.received).toBe('')
    const next = await s.proxy.secure('site.test')
    next.send(get('/next'))
    expect((await next.response()).status).toBe(200)
  })

  it.each([
    'z\r\nhello\r\n',
    '5\nhello\r\n',
    '5\r\nhelloX\r\n0\r\n\r\n',
    '-1\r\n',
    '0x5\r\nhello\r\n',
    '5 ;\n\r\nhello',
    'fffffffffffffffff\r\n',
  ])(
    'in its chunks ends the request at the origin, and its answer is not the next one: %j',
    async (chunks) => {
      await using s = await scene(() => {})
      const client = await s.proxy.secure('site.test')
      client.send(post('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n'))
      await s.origin.connected(1)
      client.send(`${chunks}${get('/smuggled')}`)
      expect((await client.response()).status).toBe(400)
      expect(await client.rest()).toBe('')
      expect(s.origin.received).not.toContain('smuggled')
      expect(s.origin.received).not.toContain('0\r\n\r\n')
    },
  )
})

describe('a malformed answer', () => {
  it.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: identity\r\n\r\nok',
    'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok!',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!',
    'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length:\r\n 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=1\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n folded\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/2 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/3 200 OK\r\n\r\n',
    'HTTP/1.1 099 What\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    '<html>no head</html>\r\n\r\n',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'HTTP/1.1 100 Continue\r\nContent-Length: 40\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(270_000)}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(5_001)}\r\n`,
    'HTTP/1.1 103 Hi\r\n\r\n'.repeat(200),
  ])('is a 502, and the next answer is its own: %j', async (answer) => {
    await using s = await scene((socket) =>
      onHead(socket, (head) => socket.write(head.startsWith('GET /next') ? ok : answer)),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get())
    let first = await client.response()
    while (first.status === 103) first = await client.response()
    expect(first.status).toBe(502)
    expect(first.head).toContain('Hallpass-Error: upstream-malformed\r\n')
    client.send(get('/next'))
    expect((await client.response()).body).toBe('ok')
    expect(await s.proxy.session.cookies.list('site.test')).toEqual([])
  })

  it('that is an endless head is cut off at the bound', async () => {
    await using s = await scene((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n')
        const more = () => {
          while (
            !socket.destroyed &&
            socket.write('X-Endless: 1234567890123456789012345678901234567890\r\n')
          ) {}
        }
        socket.on('drain', more)
        more()
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(get())
    expect((await client.response()).status).toBe(502)
  })

  it.each([
    ['nothing', '', 'upstream-unreachable'],
    ['an interim answer', 'HTTP/1.1 103 Hi\r\n\r\n', 'upstream-unreachable'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-', 'upstream-malformed'],
    ['a head without its empty line', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n', 'upstream-malformed'],
  ])('that ends after %s: 502', async (_what, answer, code) => {
    await using s = await scene((socket) => onHead(socket, () => socket.end(answer)))
    const client = await s.proxy.secure('site.test')
    client.send(get())
    let last = await client.response()
    while (last.status === 103) last = await client.response()
    expect(last.status).toBe(502)
    expect(last.head).toContain(`Hallpass-Error: ${code}\r\n`)
  })
})
