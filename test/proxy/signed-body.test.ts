import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ArrivedRequest, onRequest } from '../support/arrived-requests.ts'
import { left, rawOrigin } from '../support/origin.ts'
import type { TestProxyOptions } from '../support/proxy.ts'
import { type Scene, scene } from '../support/scene.ts'

const host = 'Host: site.test\r\n'
const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const oauth1 = JSON.stringify({ consumerKey: 'ck', consumerSecret: 'CS', token: 'tk', tokenSecret: 'TS' })
const aws = JSON.stringify({ accessKeyId: 'AKID', secretAccessKey: 'SAK' })

/** An origin that notes what came, for a session that signs. */
async function signing(
  kind: 'oauth1' | 's3' | 'sqs',
  options: TestProxyOptions = {},
): Promise<Scene & { readonly arrived: readonly ArrivedRequest[] }> {
  const arrived: ArrivedRequest[] = []
  const made = await scene(
    (socket) =>
      onRequest(socket, (request) => {
        arrived.push(request)
        socket.write(ok)
      }),
    options,
  )
  const { session } = made.proxy
  await session.credentials.remove('api')
  const hosts = ['site.test']
  if (kind === 'oauth1') await session.credentials.set('api', { kind, hosts }, oauth1)
  else await session.credentials.set('api', { kind: 'sigv4', hosts, region: 'eu-west-1', service: kind }, aws)
  return { ...made, arrived, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() }
}

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex')
const field = (head: string | undefined, name: string) =>
  new RegExp(`^${name}: (.*)\\r$`, 'im').exec(head ?? '')?.[1]

describe('a body that a signature covers', () => {
  it('is complete before the head leaves, and follows it unchanged', async () => {
    await using s = await signing('oauth1')
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.1\r\n${host}${form}Content-Length: 7\r\n\r\na=1`)
    await wait(50)
    expect(s.origin.received).toBe('')
    client.send('&b=2')
    expect((await client.response()).body).toBe('ok')
    const [request] = s.arrived
    expect(request?.body).toBe('a=1&b=2')
    expect(field(request?.head, 'Authorization')).toMatch(/^OAuth .*oauth_signature="/)
    expect(s.proxy.entries[0]?.attached).toEqual(['authorization(api)'])
  })

  it('counts in the signature: another body, another signature', async () => {
    await using s = await signing('sqs')
    const client = await s.proxy.secure('site.test')
    for (const body of ['one', 'two', 'two']) {
      client.send(
        `POST / HTTP/1.1\r\n${host}X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\nContent-Length: 3\r\n\r\n${body}`,
      )
      await client.response()
    }
    expect(s.arrived.map(({ head }) => field(head, 'X-Amz-Content-Sha256'))).toEqual(
      ['one', 'two', 'two'].map(sha256),
    )
  })

  it('in chunks: its content counts, and the chunks stay', async () => {
    await using s = await signing('s3')
    const client = await s.proxy.secure('site.test')
    client.send(`PUT /key HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
    await wait(20)
    client.send('4;x=y\r\ndefg\r\n0\r\nX-Trailer: 1\r\n\r\n')
    await client.response()
    const [request] = s.arrived
    expect(request?.body).toBe('3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Trailer: 1\r\n\r\n')
    expect(field(request?.head, 'X-Amz-Content-Sha256')).toBe(sha256('abcdefg'))
  })

  it('that is absent counts as empty', async () => {
    await using s = await signing('s3')
    const client = await s.proxy.secure('site.test')
    for (const length of ['', 'Content-Length: 0\r\n']) {
      client.send(`PUT /key HTTP/1.1\r\n${host}${length}\r\n`)
      await client.response()
    }
    expect(s.arrived.map(({ head }) => field(head, 'X-Amz-Content-Sha256'))).toEqual([sha256(''), sha256('')])
  })

  it('is asked for once, with a 100, when the client waits for it', async () => {
    await using s = await signing('oauth1')
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.1\r\n${host}${form}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`)
    expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(s.origin.received).toBe('')
    client.send('a=1')
    expect((await client.response()).status).toBe(200)
    expect(s.arrived[0]?.body).toBe('a=1')
    expect(s.arrived[0]?.head).not.toContain('Expect')
    // The connection goes on.
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
    expect((await client.response()).status).toBe(200)
  })

  it.each([
    ['has sent it already', 1, 'Expect: 100-continue\r\n', 'a=1'],
    ['has sent some of it already', 1, 'Expect: 100-continue\r\n', 'a='],
    ['speaks HTTP/1.0', 0, 'Expect: 100-continue\r\n', ''],
    ['does not wait', 1, '', ''],
  ])('is not asked for when the client %s', async (_why, minor, expectation, early) => {
    await using s = await signing('oauth1')
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.${minor}\r\n${host}${form}${expectation}Content-Length: 3\r\n\r\n${early}`)
    await wait(50)
    client.send('a=1'.slice(early.length))
    expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('does not delay a body that the signature does not cover', async () => {
    await using s = await signing('oauth1')
    const client = await s.proxy.secure('site.test')
    client.send(
      `POST /act HTTP/1.1\r\n${host}Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
    )
    await s.origin.connected(1)
    while (!s.origin.received.includes('\r\n\r\n')) await wait(10)
    expect(s.origin.received).toContain('Expect: 100-continue\r\n')
    client.send('{}')
    expect((await client.response()).status).toBe(200)
  })

  it('that breaks off: nothing is sent', async () => {
    await using s = await signing('oauth1')
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.1\r\n${host}${form}Content-Length: 7\r\n\r\na=1`)
    await wait(50)
    client.socket.destroy()
    while (s.proxy.entries.length === 0) await wait(10)
    expect(s.proxy.entries[0]).toMatchObject({ note: 'the client left during its request', attached: [] })
    expect(s.origin.received).toBe('')
  })

  it('that is malformed: 400, and nothing is sent', async () => {
    await using s = await signing('oauth1')
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.1\r\n${host}${form}Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n`)
    await wait(20)
    client.send('xyz\r\n')
    expect((await client.response()).status).toBe(400)
    expect(s.origin.received).toBe('')
  })

  it('comes before requests sent ahead', async () => {
    await using s = await signing('oauth1')
    const client = await s.proxy.secure('site.test')
    client.send(`POST /1 HTTP/1.1\r\n${host}${form}Content-Length: 3\r\n\r\na=`)
    await wait(20)
    client.send(
      `1GET /2 HTTP/1.1\r\n${host}\r\nPOST /3 HTTP/1.1\r\n${host}${form}Content-Length: 3\r\n\r\nb=`,
    )
    await wait(20)
    client.send('2')
    for (let i = 0; i < 3; i++) expect((await client.response()).status).toBe(200)
    expect(s.arrived.map(({ target, body }) => [target, body])).toEqual([
      ['/1', 'a=1'],
      ['/2', ''],
      ['/3', 'b=2'],
    ])
  })
})

describe('a body too large to be held', () => {
  const limits = { replayBytes: 1_000 }
  const large = 'x'.repeat(990)

  it.each([
    ['by its length', 'Content-Length: 1001\r\n', ''],
    [
      'by its length, which is said before it is asked for',
      'Expect: 100-continue\r\nContent-Length: 1001\r\n',
      '',
    ],
    ['in chunks', 'Transfer-Encoding: chunked\r\n', `3de\r\n${large}\r\n0\r\n\r\n`],
  ])('is refused if the signature must cover it: %s', async (_how, fields, body) => {
    await using s = await signing('oauth1', { limits })
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.1\r\n${host}${form}${fields}\r\n${body}`)
    const answer = await client.response()
    expect(answer.status).toBe(413)
    expect(answer.head).toContain('HTTP/1.1 413 Content Too Large\r\n')
    expect(answer.head).toContain('Hallpass-Error: body-not-held\r\n')
    expect(answer.body).toBe(
      'hallpass: POST site.test is not sent: api: its OAuth 1.0a signature covers the form, which is too large to be held; replay in the configuration sets the limit\nhallpass config path\n',
    )
    expect(s.origin.received).toBe('')
    expect(s.proxy.entries[0]).toMatchObject({ status: 413, attached: [] })
  })

  it('of exactly the limit is held', async () => {
    await using s = await signing('oauth1', { limits })
    const client = await s.proxy.secure('site.test')
    client.send(`POST /act HTTP/1.1\r\n${host}${form}Content-Length: 1000\r\n\r\n${'x'.repeat(999)}`)
    await wait(20)
    client.send('x')
    expect((await client.response()).status).toBe(200)
  })

  it.each([
    ['by its length', 'Content-Length: 3000\r\n', ['x'.repeat(900), 'y'.repeat(900), 'z'.repeat(1_200)]],
    [
      'in chunks',
      'Transfer-Encoding: chunked\r\n',
      [`384\r\n${'x'.repeat(900)}\r\n`, `64\r\n${'y'.repeat(100)}\r\n`, '0\r\n\r\n'],
    ],
  ])('goes unsigned if that is allowed, in order and whole: %s', async (_how, fields, parts) => {
    await using s = await signing('s3', { limits })
    const client = await s.proxy.secure('site.test')
    client.send(`PUT /key HTTP/1.1\r\n${host}${fields}\r\n`)
    for (const part of parts) {
      await wait(20)
      client.send(part)
    }
    expect((await client.response()).status).toBe(200)
    expect(s.arrived[0]?.body).toBe(parts.join(''))
    expect(field(s.arrived[0]?.head, 'X-Amz-Content-Sha256')).toBe('UNSIGNED-PAYLOAD')
  })

  it('goes on while it comes', async () => {
    await using s = await signing('s3', { limits })
    const client = await s.proxy.secure('site.test')
    client.send(`PUT /key HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(1_500)}`)
    await s.origin.connected(1)
    while (!s.origin.received.endsWith('x'.repeat(1_500))) await wait(10)
    client.socket.destroy()
    await left(await s.origin.connected(1))
  })
})

describe('a refusal of the plan', () => {
  it('is a 403 of two lines, and nothing is sent', async () => {
    await using s = await signing('s3')
    await s.proxy.session.credentials.remove('api')
    await s.proxy.session.credentials.set('api', { kind: 'sigv4', hosts: ['site.test'] }, aws)
    const client = await s.proxy.secure('site.test')
    client.send(`GET /key HTTP/1.1\r\n${host}\r\n`)
    const { status, head, body } = await client.response()
    expect(status).toBe(403)
    expect(head).toContain('Hallpass-Error: policy\r\n')
    const [first, second, ...rest] = body.split('\n')
    expect(first).toMatch(
      /^hallpass: GET site\.test is not sent: api: neither the client nor the host name names/,
    )
    expect([second, ...rest]).toEqual(['hallpass explain https://site.test/', ''])
    expect(s.origin.received).toBe('')
    // Nothing is wrong with the connection.
    client.send(`GET /key HTTP/1.1\r\n${host}\r\n`)
    expect((await client.response()).status).toBe(403)
  })

  it.each(['GET', 'TRACE'])('stops a placeholder on its way to another host: %s', async (method) => {
    await using other = await rawOrigin(() => {}, { hosts: ['other.test'] })
    await using s = await scene(() => {}, { resolve: { 'other.test': `127.0.0.1:${other.port}` } })
    const { session } = s.proxy
    await session.credentials.set('other', { kind: 'bearer', hosts: ['other.test'] }, 'O')
    await session.credentials.set(
      'dummy',
      { kind: 'placeholder', hosts: ['site.test'], placeholder: 'sk-dummy-0123456789' },
      'REAL',
    )
    const client = await s.proxy.secure('other.test')
    client.send(`${method} / HTTP/1.1\r\nHost: other.test\r\nX-Key: sk-dummy-0123456789\r\n\r\n`)
    const { status, body } = await client.response()
    expect(status).toBe(403)
    expect(body).toContain('dummy')
    expect(body).not.toContain('REAL')
    expect(other.received).toBe('')
  })
})

describe('a signature', () => {
  it('is made anew when a request is sent again because its connection was dying', async () => {
    const heads: string[] = []
    await using s = await scene((socket, index) => {
      let count = 0
      onRequest(socket, ({ head }) => {
        heads.push(head)
        count += 1
        if (index === 0 && count === 2) socket.destroy()
        else socket.write(ok)
      })
    })
    await s.proxy.session.credentials.remove('api')
    await s.proxy.session.credentials.set('api', { kind: 'oauth1', hosts: ['site.test'] }, oauth1)
    const client = await s.proxy.secure('site.test')
    for (let i = 0; i < 2; i++) {
      client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
      expect((await client.response()).body).toBe('ok')
    }
    const nonces = heads.map((head) => /oauth_nonce="([^"]+)"/.exec(head)?.[1])
    expect(new Set(nonces).size).toBe(3)
  })
})
