import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { certificateTable, weakServerCiphers } from '../../test/support/bad-certificates.ts'
import { testFetch } from '../../test/support/login-request.ts'
import { httpOrigin, onHead, rawOrigin } from '../../test/support/origin.ts'
import { TokenFetchError, tokenFetch } from './token-fetch.ts'

const post = () => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ refresh_token: 'SECRET' }),
  redirect: 'manual' as const,
})

const answer = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'

describe('a token request', () => {
  it('goes over https to the address in resolve, with its whole body', async () => {
    await using origin = await httpOrigin(
      (request, response) => {
        response.setHeader('content-type', 'application/json')
        request.pipe(response)
      },
      { hosts: ['id.test'] },
    )
    const fetch = testFetch(new Map([['id.test', `127.0.0.1:${origin.port}`]]))
    const response = await fetch('https://id.test/token?a=b', post())
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.text()).toBe('refresh_token=SECRET')
    expect(origin.received).toMatch(/^POST \/token\?a=b HTTP\/1.1\r\n/)
    expect(origin.received).toMatch(/\r\nhost: id\.test\r\n/i)
  })

  it('goes over plain http only to loopback', async () => {
    await using origin = await rawOrigin((socket) => onHead(socket, () => socket.end(answer)))
    expect((await testFetch()(`http://127.0.0.1:${origin.port}/`, post())).status).toBe(200)
    for (const host of ['id.test', '10.0.0.1', '127.0.0.1.evil.test', '[::ffff:127.0.0.1]']) {
      const fetch = testFetch(new Map([[host, `127.0.0.1:${origin.port}`]]))
      await expect(fetch(`http://${host}/token`, post())).rejects.toMatchObject({
        name: 'TokenFetchError',
        sent: false,
        message: expect.stringMatching(/is not https, and tokens go over plain http only to loopback$/),
      })
    }
    expect(origin.connections).toHaveLength(1)
  })

  it('does not follow a redirect', async () => {
    await using elsewhere = await rawOrigin((socket) => onHead(socket, () => socket.end(answer)))
    const location = `http://127.0.0.1:${elsewhere.port}/`
    await using origin = await rawOrigin((socket) =>
      onHead(socket, () =>
        socket.end(`HTTP/1.1 307 Temporary Redirect\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
      ),
    )
    const response = await testFetch()(`http://127.0.0.1:${origin.port}/`, post())
    expect(response.status).toBe(307)
    expect(elsewhere.connections).toHaveLength(0)
  })
})

describe('before the certificate is accepted nothing of the request is sent', () => {
  const table = certificateTable()

  it.each(table.bad)('$what', async ({ host, key, cert, refusal }) => {
    await using origin = await serving({ key, cert })
    const failure = await failureOf(origin.fetch(`https://${host}/token`, post()))
    expect(failure).toMatchObject({ sent: false })
    const cause = failure.cause as NodeJS.ErrnoException
    expect(`${cause.code} ${cause.message}`).toMatch(refusal)
    expect(origin.received()).toBe('')
  })

  it.each(table.good)('but $what is fine', async ({ host, key, cert }) => {
    await using origin = await serving({ key, cert })
    expect((await origin.fetch(`https://${host}/token`, post())).status).toBe(200)
  })

  /** A server with a certificate of the table, and a fetch that finds every host there. */
  async function serving(pair: { readonly key: string; readonly cert: string }) {
    let received = ''
    const server = createServer({ ...pair, ciphers: weakServerCiphers }, (socket) => {
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        socket.end(answer)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const anywhere = { get: () => `127.0.0.1:${port}` } as unknown as ReadonlyMap<string, string>
    return {
      fetch: tokenFetch({ roots: [table.rootPem], resolve: anywhere }),
      received: () => received,
      [Symbol.asyncDispose]: async () => void server.close(),
    }
  }
})

describe('a failed token request says whether the server can have it', () => {
  it('no, when nobody listens', async () => {
    const origin = await rawOrigin(() => {})
    const { port } = origin
    await origin[Symbol.asyncDispose]()
    const failure = await failureOf(testFetch()(`http://127.0.0.1:${port}/`, post()))
    expect(failure).toMatchObject({
      sent: false,
      certificate: false,
      message: `127.0.0.1:${port} did not answer: connection refused`,
    })
  })

  it('no, when TLS fails', async () => {
    await using origin = await rawOrigin((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const failure = await failureOf(testFetch()(`https://127.0.0.1:${origin.port}/`, post()))
    expect(failure).toMatchObject({ sent: false, certificate: false })
  })

  it('no, when the handshake takes until the deadline', async () => {
    await using origin = await rawOrigin(() => {})
    const failure = await failureOf(testFetch(new Map(), 50)(`https://127.0.0.1:${origin.port}/`, post()))
    expect(failure).toMatchObject({
      sent: false,
      message: `127.0.0.1:${origin.port} did not answer: timed out`,
    })
  })

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['the answer takes until the deadline', () => {}, /did not answer: timed out$/],
    ['the connection is reset', (socket) => socket.resetAndDestroy(), /did not answer: connection reset$/],
    ['the connection is closed', (socket) => socket.end(), /did not answer: connection reset$/],
    ['the answer is no HTTP', (socket) => socket.end('hello\r\n\r\n'), /did not answer: .*HPE_/],
    [
      'the answer is cut off',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a'),
      /did not answer: /,
    ],
    ['the answer never ends', endless, /did not answer: its answer is larger than 1 MiB$/],
    ['a body trickles until the deadline', trickle, /did not answer: timed out$/],
  ])('yes, when %s', async (_, serve, message) => {
    await using origin = await rawOrigin((socket) => onHead(socket, () => serve(socket)))
    const failure = await failureOf(testFetch(new Map(), 1_500)(`http://127.0.0.1:${origin.port}/`, post()))
    expect(failure).toMatchObject({ sent: true, message: expect.stringMatching(message) })
    expect(failure.message).not.toContain('SECRET')
  })

  it('yes, over https too, after the certificate is accepted', async () => {
    await using origin = await rawOrigin((socket) => onHead(socket, () => socket.destroy()), {
      hosts: ['127.0.0.1'],
    })
    const failure = await failureOf(testFetch()(`https://127.0.0.1:${origin.port}/`, post()))
    expect(failure).toMatchObject({ sent: true, certificate: false })
  })

  it('no, when it was stopped before it began', async () => {
    await using origin = await rawOrigin(() => {})
    const signal = AbortSignal.abort(new Error('stopped'))
    const failure = await failureOf(testFetch()(`http://127.0.0.1:${origin.port}/`, { ...post(), signal }))
    expect(failure).toMatchObject({ sent: false, message: expect.stringContaining('stopped') })
    expect(origin.connections).toHaveLength(0)
  })
})

async function failureOf(request: Promise<Response>): Promise<TokenFetchError> {
  const failure = await request.then(
    ({ status }) => new Error(`answered ${status}`),
    (error: Error) => error,
  )
  if (failure instanceof TokenFetchError) return failure
  throw failure
}

function endless(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n')
  const more = () => {
    while (socket.writable && socket.write(Buffer.alloc(65_536, 0x20)));
  }
  socket.on('drain', more)
  more()
}

function trickle(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n')
  const timer = setInterval(() => socket.write(' '), 100)
  socket.on('close', () => clearInterval(timer))
}
