import { describe, expect, it } from 'vitest'
import { left, onHead } from '../support/origin.ts'
import { scene } from '../support/scene.ts'
import { guarded, tokenScene } from '../support/token-scene.ts'

const get = (path = '/') => `GET ${path} HTTP/1.1\r\nHost: site.test\r\n\r\n`
const ok = 'HTTP/1.1 200 OK\r\n'
const next = `${ok}Content-Length: 2\r\n\r\nok`
const chunks = '5\r\nhello\r\n0\r\n\r\n'

/** An answer of the origin, the bytes that the client gets, and a part of the note in the log. */
const repaired: readonly (readonly [string, string, string])[] = [
  ['HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n', 'HTTP/1.1 204 No\r\n\r\n', 'a 204 with a length'],
  ['HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello', 'HTTP/1.1 204 No\r\n\r\n', 'a 204 with a length'],
  [
    'HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 204 No\r\n\r\n',
    'a 204 with a length',
  ],
  [
    `${ok}Content-Length: 5\r\nPragma: a\r\nContent-Length: 5\r\n\r\nhello`,
    `${ok}Content-Length: 5\r\nPragma: a\r\n\r\nhello`,
    'an odd Content-Length',
  ],
  [`${ok}Content-Length: 5, 5\r\n\r\nhello`, `${ok}Content-Length: 5\r\n\r\nhello`, 'an odd Content-Length'],
  [
    `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n${chunks}`,
    'a length beside the chunks',
  ],
  [
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n${chunks}`,
    'an odd Transfer-Encoding',
  ],
  [
    'HTTP/2 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    `${ok}Content-Length: 5\r\n\r\nhello`,
    'the status line',
  ],
  [
    'http/1.1 200OK\nX : a\n b\nContent-Length: 5\n\nhello',
    `${ok}X: a b\r\nContent-Length: 5\r\n\r\nhello`,
    'the ends of lines, repaired the status line, repaired a folded header line, repaired a blank before a colon',
  ],
  [
    `${ok}Set-Cookie: evil=\x01\r\nX Y: a\r\nX: \x1b[0m\r\nContent-Length: 5\r\n\r\nhello`,
    `${ok}X:  [0m\r\nContent-Length: 5\r\n\r\nhello`,
    'a Set-Cookie with control characters, repaired a header line without a valid name, repaired control characters in a header',
  ],
  [
    `${ok}Transfer-Encoding: chunked\r\n\r\n5  \nhello\n0;a="\r\nX : b\n\n`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: b\r\n\r\n`,
    'the chunk framing, repaired the trailers',
  ],
  [
    `HTTP/1.1 103 Hints\nX: a\n\n${ok}Content-Length: 5\r\n\r\nhello`,
    `HTTP/1.1 103 Hints\r\nX: a\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello`,
    'the ends of lines',
  ],
]

describe('a faulty answer that every client reads alike', () => {
  it.each(repaired)('%j goes on as %j', async (answer, sent, note) => {
    // Longer than a test: a connection that ends was ended for its answer, not for its age.
    await using s = await scene(
      (socket) =>
        onHead(socket, (head) =>
          socket.write(Buffer.from(head.startsWith('GET /next') ? next : answer, 'latin1')),
        ),
      { limits: { pooledMs: 600_000 } },
    )
    const client = await s.proxy.secure('site.test')
    client.send(get())
    expect(await client.until(new RegExp(`^[^]{${sent.length}}`))).toBe(sent)
    await left(await s.origin.connected(1))
    // The client's own connection is sound, and gets the next answer from another connection.
    client.send(get('/next'))
    expect(await client.until(/ok$/)).toBe(next)
    expect(s.origin.connections).toHaveLength(2)
    expect(s.proxy.entries[0]?.note).toBe(`repaired ${note}`)
  })

  it('brings its cookies into the session, as it would into a browser', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(
          `${ok}X: a\nSet-Cookie : sid=1;\r\n Path=/\nSet-Cookie: evil=\x01\nContent-Length: 0\n\n`,
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(get())
    await client.response()
    const cookies = await s.proxy.session.cookies.list('site.test')
    expect(cookies.map(({ name, value }) => `${name}=${value}`)).toEqual(['sid=1'])
  })

  it.each([
    ['a head of 200 KiB', `${ok}${`X: ${'x'.repeat(10_000)}\r\n`.repeat(20)}Content-Length: 0\r\n\r\n`],
    ['1,000 lines', `${ok}${'X: 1\r\n'.repeat(1_000)}Content-Length: 0\r\n\r\n`],
  ])('with %s goes on as it came, and its connection is used again', async (_, answer) => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(answer)))
    const client = await s.proxy.secure('site.test')
    for (let turn = 0; turn < 2; turn += 1) {
      client.send(get())
      expect((await client.response()).head).toBe(answer)
    }
    expect(s.origin.connections).toHaveLength(1)
    expect(s.proxy.entries[0]?.note).toBeUndefined()
  })

  it.each([
    ['in its head', 'HTTP/1.1 401 No\nContent-Length: 0\n\n'],
    ['in its chunks', 'HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n'],
  ])('that is a 401, and replaced by the answer to a new token: %s', async (_, refused) => {
    await using s = await tokenScene(guarded([], { refused }), { limits: { pooledMs: 600_000 } })
    const client = await s.proxy.secure('site.test')
    client.send(get())
    expect((await client.response()).body).toBe('ok')
    await left(await s.origin.connected(1))
    expect(s.proxy.entries[0]?.note).toMatch(
      /^repaired the .*, refreshed, replayed$|^refreshed, repaired the .*, replayed$/,
    )
  })
})
