import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Names } from '../../src/net/names.ts'
import { httpOrigin } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'

/** A name server that never answers for names below `silent.test`, and has one address for all others. */
async function nameServer(address: readonly number[]) {
  const asked = new Set<string>()
  const server = createSocket('udp4')
  server.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const name = labels.join('.').toLowerCase()
    asked.add(name)
    server.emit('asked')
    if (name.endsWith('silent.test')) return
    // RFC 1035, 4.1: the question again, and for type A one record that points at its name.
    const isA = query.readUInt16BE(at + 1) === 1
    const head = [0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0]
    const record = isA ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address] : []
    const question = query.subarray(12, at + 5)
    const answer = Buffer.concat([query.subarray(0, 2), Buffer.from(head), question, Buffer.from(record)])
    server.send(answer, from.port, from.address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { server, asked, names: new Names([`127.0.0.1:${server.address().port}`]) }
}

it('names without an answer stop no other name', async () => {
  const { server, asked, names } = await nameServer([127, 0, 0, 1])
  await using origin = await httpOrigin((_, response) => void response.end('ok'))
  await using proxy = await startTestProxy({ names })
  const ended: string[] = []
  const request = async (host: string, port: number) => {
    const client = await proxy.client()
    client.send(
      `GET http://${host}:${port}/ HTTP/1.1\r\nHost: ${host}:${port}\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    return client
  }
  for (let i = 0; i < 8; i++) {
    const name = `n${i}.silent.test`
    const client = await request(name, 80)
    client.response().then(
      () => ended.push(name),
      () => {},
    )
  }
  while ([...asked].filter((name) => name.endsWith('silent.test')).length < 8) await once(server, 'asked')
  const client = await request('other.test', origin.port)
  expect((await client.response()).status).toBe(200)
  // The other name came last and was answered first.
  expect(ended).toEqual([])
})

it('eight names that go to the system take two threads at once', async () => {
  let running = 0
  let most = 0
  const names = new Names(undefined, async () => {
    most = Math.max(most, ++running)
    await setImmediate()
    running--
    return [{ address: '192.0.2.1', family: 4 }]
  })
  // A name of one label is for the system in any configuration.
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => names.addresses(`name${i}`)))
  expect(answers.flat()).toHaveLength(8)
  expect(most).toBe(2)
})

it('an address from a name server is checked before it is dialled', async () => {
  const { names } = await nameServer([169, 254, 169, 254])
  await using proxy = await startTestProxy({ names })
  const client = await proxy.client()
  client.send(
    `GET http://rebound.test/ HTTP/1.1\r\nHost: rebound.test\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
  )
  expect((await client.response()).head).toContain('Hallpass-Error: target-refused\r\n')
})

describe('a name with a trailing dot', () => {
  it('is looked up with it, past the search domains, and carries what the session has for it', async () => {
    const { asked, names } = await nameServer([127, 0, 0, 1])
    await using origin = await httpOrigin(
      (request, response) => response.end(request.headers.authorization),
      {
        hosts: ['corp'],
      },
    )
    await using proxy = await startTestProxy({ names })
    await proxy.knows('SECRET', 'corp')
    // Without the dot this name is getaddrinfo's business, which does not ask this server.
    const client = await proxy.tunnel(`corp.:${origin.port}`)
    const inside = await client.secure({ ca: proxy.caPem, servername: 'corp' })
    for (const host of ['corp.', 'corp']) {
      inside.send(`GET / HTTP/1.1\r\nHost: ${host}:${origin.port}\r\n\r\n`)
      expect(await inside.response()).toMatchObject({ status: 200, body: 'Bearer SECRET' })
    }
    expect([...asked]).toEqual(['corp'])
    expect(origin.connections).toHaveLength(1)
  })

  it('shares no connection with the name without the dot, which may be another server', async () => {
    const { names } = await nameServer([127, 0, 0, 1])
    await using origin = await httpOrigin((_, response) => response.end('ok'))
    await using proxy = await startTestProxy({ names })
    const client = await proxy.client()
    for (const host of ['a.test', 'a.test.', 'a.test', 'a.test.']) {
      const authority = `${host}:${origin.port}`
      client.send(
        `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
      )
      expect((await client.response()).status).toBe(200)
    }
    expect(origin.connections).toHaveLength(2)
  })

  it('is loopback for localhost, whatever a name server says', async () => {
    const { asked, names } = await nameServer([192, 0, 2, 1])
    for (const name of ['localhost', 'localhost.', 'LOCALHOST.'])
      expect((await names.addresses(name)).map(({ address }) => address)).toContain('127.0.0.1')
    expect([...asked]).toEqual([])
  })
})
