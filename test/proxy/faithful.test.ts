import { describe, expect, it } from 'vitest'
import { onHead } from '../support/origin.ts'
import { scene } from '../support/scene.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const host = 'Host: site.test\r\n'

describe('the rest of a message is left unchanged', () => {
  it('keeps order, case and repeats of a request, and puts the bearer last', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.secure('site.test')
    client.send(
      'GET /a//b/../c?x=%2F&y HTTP/1.1\r\nHOST:  Site.Test\r\nx-b: 1\r\nX-B:2 \r\naccept: */*\r\nX-A: \xe9\r\n\r\n',
    )
    await client.response()
    expect(s.origin.received).toBe(
      'GET /a//b/../c?x=%2F&y HTTP/1.1\r\nHOST:  Site.Test\r\nx-b: 1\r\nX-B:2 \r\naccept: */*\r\nX-A: \xe9\r\nAuthorization: Bearer SECRET\r\n\r\n',
    )
  })

  it('puts a credential where the client had its own', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.secure('site.test')
    client.send(`GET / HTTP/1.1\r\n${host}authorization: dummy\r\nX: 1\r\n\r\n`)
    await client.response()
    expect(s.origin.received).toBe(`GET / HTTP/1.1\r\n${host}Authorization: Bearer SECRET\r\nX: 1\r\n\r\n`)
  })

  it('keeps order, case, repeats and the reason phrase of a response', async () => {
    const head =
      'HTTP/1.1 299 Quite\xe9 Fine, Thanks\r\nx-b: 1\r\nX-B:2\r\ncontent-LENGTH: 0\r\nWarning: a\r\nwarning: b\r\n\r\n'
    await using s = await scene((socket) => onHead(socket, () => socket.write(Buffer.from(head, 'latin1'))))
    const client = await s.proxy.secure('site.test')
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
    expect((await client.response()).head).toBe(head)
  })

  it('relays chunks with their extensions and trailers as they are, less cookies in trailers', async () => {
    const body = '5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\nSet-Cookie: t=1\r\nHallpass-Error: no\r\n\r\n'
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(`HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n${body}`),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`GET / HTTP/1.1\r\n${host}TE: gzip, trailers\r\nConnection: TE\r\n\r\n`)
    const head = await client.until(/\r\n\r\n/)
    expect(head).toBe('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n')
    expect(await client.until(/0\r\n(.+\r\n)*\r\n/)).toBe('5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n')
    expect(s.origin.received).toContain('TE: trailers\r\n')
    expect(s.origin.received).toContain('Connection: TE\r\n')
  })

  it('relays a chunked request body unchanged', async () => {
    await using s = await scene((socket) => {
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        if (text.endsWith('0\r\nX-T: 1\r\n\r\n')) socket.write(ok)
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
    client.send('2;x\r\nde\r\n0\r\nX-T: 1\r\n\r\n')
    expect((await client.response()).body).toBe('ok')
    expect(s.origin.received.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe(
      '3\r\nabc\r\n2;x\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
    )
  })

  it('passes 103 on at once, without its cookies', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => {
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nSet-Cookie: early=1\r\nHallpass-X: 1\r\n\r\n',
        )
      }),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
    expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
    s.origin.connections[0]?.write(ok)
    expect((await client.response()).status).toBe(200)
  })

  it('passes Expect on and 100 back when the origin says it, not before', async () => {
    await using s = await scene(() => {})
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`)
    const socket = await s.origin.connected(1)
    while (!s.origin.received.includes('\r\n\r\n'))
      await new Promise((resolve) => socket.once('data', resolve))
    expect(s.origin.received).toContain('Expect: 100-continue\r\n')
    expect(client.received).toBe('')
    socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.send('body')
    socket.on('data', () => socket.write(ok))
    expect((await client.response()).status).toBe(200)
    expect(s.origin.received.endsWith('\r\n\r\nbody')).toBe(true)
  })

  it('closes after a refusal instead of a 100: whether the body comes is in doubt', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n')),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 40\r\n\r\n`)
    expect((await client.response()).head).toContain('Connection: close\r\n')
    client.send(`GET /smuggled HTTP/1.1\r\n${host}\r\n`)
    await client.over()
    expect(s.origin.received).not.toContain('smuggled')
  })

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "x"\r\n\r\n'],
  ])('%s: a response without body ends with its head: %j', async (method, head) => {
    await using s = await scene((socket) =>
      onHead(socket, (request) => socket.write(request.startsWith('GET /next') ? ok : head)),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`${method} / HTTP/1.1\r\n${host}\r\n`)
    expect(await client.until(/\r\n\r\n/)).toBe(head)
    client.send(`GET /next HTTP/1.1\r\n${host}\r\n`)
    expect((await client.response()).body).toBe('ok')
    expect(s.origin.connections).toHaveLength(1)
  })

  it('forwards no field that is for one hop: named by Connection, TE, Keep-Alive, Upgrade, Proxy-*', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(
          'HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nUpgrade: h2\r\nContent-Length: 0\r\n\r\n',
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(
      `GET / HTTP/1.1\r\n${host}Connection: close, X-Hop, content-length, host\r\nX-Hop: 1\r\nKeep-Alive: 300\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nProxy-Authorization: Basic eA==\r\n\r\n`,
    )
    expect((await client.response()).head).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
    await client.over()
    expect(s.origin.received).toBe(`GET / HTTP/1.1\r\n${host}Authorization: Bearer SECRET\r\n\r\n`)
  })

  it('but keeps framing and Host, which Connection must not name', async () => {
    await using s = await scene((socket) =>
      socket.on('data', (chunk: Buffer) => chunk.toString().endsWith('body') && socket.write(ok)),
    )
    const client = await s.proxy.secure('site.test')
    client.send(
      `POST / HTTP/1.1\r\nX: 1\r\n${host}Connection: content-length, host\r\nContent-Length: 4\r\n\r\nbody`,
    )
    await client.response()
    expect(s.origin.received).toBe(
      `POST / HTTP/1.1\r\nX: 1\r\n${host}Content-Length: 4\r\nAuthorization: Bearer SECRET\r\n\r\nbody`,
    )
  })

  it("removes the origin's own Hallpass-* fields", async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(
          'HTTP/1.1 200 OK\r\nHallpass-Error: proxy-auth\r\nhallpass-captured: x\r\nContent-Length: 0\r\n\r\n',
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
    expect((await client.response()).head).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })

  it('serves HTTP/1.0: asks in 1.0, passes no interim answer, closes', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.end('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200 OK\r\n\r\nold')),
    )
    const client = await s.proxy.secure('site.test')
    client.send('GET / HTTP/1.0\r\n\r\n')
    expect(await client.rest()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nold')
    expect(s.origin.received).toBe(
      `GET / HTTP/1.0\r\n${host}Connection: close\r\nAuthorization: Bearer SECRET\r\n\r\n`,
    )
  })

  it('refuses chunks for a client that speaks HTTP/1.0 and cannot read them', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')),
    )
    const client = await s.proxy.secure('site.test')
    client.send('GET / HTTP/1.0\r\n\r\n')
    expect((await client.response()).status).toBe(502)
  })

  it('serves requests sent ahead one at a time and in order', async () => {
    let serving = 0
    await using s = await scene((socket) =>
      onHead(socket, (head) => {
        serving += 1
        expect(serving).toBe(1)
        setTimeout(() => {
          serving -= 1
          const path = head.split(' ')[1] ?? ''
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
        }, 5)
      }),
    )
    const client = await s.proxy.secure('site.test')
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`)
    client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\n${host}\r\n`).join(''))
    for (const path of paths) expect((await client.response()).body).toBe(path)
  })

  it('answers TRACE without the session: the answer would show it', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.secure('site.test')
    client.send(`TRACE / HTTP/1.1\r\n${host}\r\n`)
    await client.response()
    expect(s.origin.received).not.toContain('SECRET')
  })
})
