import { describe, expect, it } from 'vitest'
import { left, onHead } from '../support/origin.ts'
import { scene } from '../support/scene.ts'

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
})
