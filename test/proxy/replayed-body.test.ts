import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type ArrivedRequest, onRequest } from '../support/arrived-requests.ts'
import { accepted, guarded, refused, tokenScene } from '../support/token-scene.ts'

const host = 'Host: site.test\r\n'
const get = `GET / HTTP/1.1\r\n${host}\r\n`

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('a request is sent again with its body', () => {
  const limits = { replayBytes: 1_000 }
  const post = (length: number) =>
    `POST / HTTP/1.1\r\n${host}Content-Length: ${length}\r\n\r\n${'x'.repeat(length)}`
  const inChunks = (length: number) =>
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`

  it.each([
    ['as large as what is held', post(1_000)],
    ['in chunks as large', inChunks(1_000 - '3de\r\n\r\n0\r\n\r\n'.length)],
  ])('%s', async (_size, request) => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene(guarded(arrived), { limits })
    const client = await s.proxy.secure('site.test')
    client.send(request)
    expect((await client.response()).status).toBe(200)
    expect(arrived.map(({ token }) => token)).toEqual(['A1', 'A2'])
    expect(arrived[1]?.body).toBe(arrived[0]?.body)
  })

  it.each([
    ['larger', post(1_001), limits],
    ['larger in chunks', inChunks(1_001 - '3de\r\n\r\n0\r\n\r\n'.length), limits],
    ['of one byte where nothing is held', post(1), { replayBytes: 0 }],
    ['of one chunk where nothing is held', inChunks(1), { replayBytes: 0 }],
  ])(
    'but not %s: the 401 is the client’s, and the next request has the new token',
    async (_size, request, held) => {
      const arrived: ArrivedRequest[] = []
      await using s = await tokenScene(guarded(arrived), { limits: held })
      const client = await s.proxy.secure('site.test')
      client.send(request)
      const answer = await client.response()
      expect(answer.head + answer.body).toBe(refused)
      client.send(get)
      expect((await client.response()).status).toBe(200)
      expect(arrived.map(({ token }) => token)).toEqual(['A1', 'A2'])
      expect(s.tokens.spent).toEqual(['R1'])
      expect(s.proxy.entries.map(({ status, note }) => [status, note])).toEqual([
        [401, 'refreshed'],
        [200, undefined],
      ])
    },
  )

  it.each([
    ['waits to be asked for it', 0],
    ['tires of waiting', 100],
  ])(
    'that the client has not begun to send, however large it is, to the origin that takes it: the client %s',
    async (_how, tiresMs) => {
      const bodies: string[] = []
      await using s = await tokenScene(
        (socket, index) => {
          let text = ''
          let asked = false
          socket.on('data', (chunk: Buffer) => {
            text += chunk.toString('latin1')
            if (!text.includes('\r\n\r\n')) return
            if (text.includes('Bearer A1')) socket.write(refused)
            else if (!asked) {
              asked = true
              socket.write('HTTP/1.1 100 Continue\r\n\r\n')
            }
            bodies[index] = text.slice(text.indexOf('\r\n\r\n') + 4)
            if (bodies[index]?.length === 5_000) socket.write(accepted)
          })
        },
        { limits },
      )
      const client = await s.proxy.secure('site.test')
      s.tokens.before = () => wait(tiresMs * 2)
      client.send(`PUT /big HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n`)
      await s.tokens.asked()
      await wait(tiresMs)
      if (tiresMs === 0) expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
      client.send('x'.repeat(5_000))
      if (tiresMs > 0) await client.until(/\r\n\r\n/)
      expect((await client.response()).body).toBe('ok')
      expect(bodies).toEqual(['', 'x'.repeat(5_000)])
      expect(s.origin.received.match(/Expect: 100-continue\r\n/g)).toHaveLength(2)
    },
  )

  it('that came in parts', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene(guarded(arrived))
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 8\r\n\r\n`)
    const socket = await s.origin.connected(1)
    for (const part of ['half', 'more']) {
      while (!s.origin.received.endsWith(part === 'half' ? '\r\n\r\n' : 'half')) await once(socket, 'data')
      client.send(part)
    }
    expect((await client.response()).body).toBe('ok')
    expect(arrived.map(({ token, body }) => [token, body])).toEqual([
      ['A1', 'halfmore'],
      ['A2', 'halfmore'],
    ])
  })

  it('of which a part has come: the rest follows on the new connection', async () => {
    const arrived: ArrivedRequest[] = []
    await using s = await tokenScene((socket) => {
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        if (text.includes('Bearer A1') && text.endsWith('half')) socket.write(refused)
      })
      onRequest(socket, (request) => {
        arrived.push(request)
        socket.write(accepted)
      })
    })
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 8\r\n\r\nhalf`)
    const second = await s.origin.connected(2)
    while (!s.origin.received.includes('A2')) await once(second, 'data')
    client.send('more')
    expect((await client.response()).body).toBe('ok')
    expect(arrived.map(({ token, body }) => [token, body])).toEqual([['A2', 'halfmore']])
  })

  it.each([
    ['once the answer has begun', 'oauth2', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['when nothing could be sent again', 'bearer', ''],
  ])('is not held %s', async (_when, kind, answer) => {
    const held = 32 * 1_048_576
    let whole = () => {}
    const arrived = new Promise<void>((resolve) => {
      whole = resolve
    })
    await using s = await tokenScene(
      (socket) =>
        onRequest(socket, () => {
          socket.write(answer)
          whole()
        }),
      { limits: { replayBytes: held } },
    )
    if (kind === 'bearer') {
      await s.proxy.session.credentials.remove('api')
      await s.proxy.knows('SECRET', 'site.test')
    }
    const client = await s.proxy.secure('site.test')
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: ${held}\r\n\r\n`)
    for (let sent = 0; sent < held; sent += 65_536) client.send(Buffer.alloc(65_536))
    await arrived
    if (answer !== '') await client.until(/\r\n\r\n/)
    const kept = () => {
      collectGarbage()
      return process.memoryUsage().arrayBuffers
    }
    await expect.poll(kept).toBeLessThan(held / 2)
  })
})
