import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { certificateFor, onHead } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { scene } from '../support/scene.ts'

const host = 'Host: site.test\r\n'
const handshake = `GET /ws HTTP/1.1\r\n${host}Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`

describe('a WebSocket', () => {
  it('by real ends: the session on the handshake, the origin’s protocol, megabytes both ways, the close', async () => {
    const server = createServer(certificateFor('site.test'))
    const sockets = new WebSocketServer({
      server,
      handleProtocols: (offered) => [...offered].at(-1) ?? false,
    })
    const seen: (string | undefined)[] = []
    sockets.on('connection', (socket, request) => {
      seen.push(request.headers.authorization)
      socket.on('message', (data) => socket.send(data))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    await using proxy = await startTestProxy({
      resolve: { 'site.test': `127.0.0.1:${(server.address() as AddressInfo).port}` },
    })
    await proxy.knows('SECRET', 'site.test')
    const { socket } = await proxy.secure('site.test')
    socket.removeAllListeners('data')
    const client = new WebSocket('wss://site.test/ws', ['one', 'two'], { createConnection: () => socket })
    await once(client, 'open')
    expect(client.protocol).toBe('two')
    expect(seen).toEqual(['Bearer SECRET'])
    const message = Buffer.alloc(3 * 1_048_576, 'w')
    client.send(message)
    const [echo] = (await once(client, 'message')) as [Buffer]
    expect(createHash('sha256').update(echo).digest('hex')).toBe(
      createHash('sha256').update(message).digest('hex'),
    )
    client.close(4_000, 'done')
    const [code] = (await once(client, 'close')) as [number]
    expect(code).toBe(4_000)
  })

  it('of a page of another site carries nothing of the session (cross-site WebSocket hijacking)', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')),
    )
    const client = await s.proxy.secure('site.test')
    for (const origin of ['https://evil.test', 'null', 'http://site.test']) {
      client.send(handshake.replace(host, `${host}Origin: ${origin}\r\n`))
      expect((await client.response()).status).toBe(403)
    }
    expect(s.origin.received).toContain('Origin: https://evil.test')
    expect(s.origin.received).not.toContain('SECRET')
    client.send(handshake.replace(host, `${host}Origin: https://app.site.test\r\n`))
    expect((await client.response()).status).toBe(403)
    expect(s.origin.received).toContain('Bearer SECRET')
  })

  it('of a page that a rule trusted carries nothing as soon as the rule is gone', async () => {
    const rules = [
      { hosts: [parseHostPattern('site.test')], trustOrigins: [parseHostPattern('portal.test')] },
    ]
    let edited = false
    const takeUp = () => {
      if (!edited) return undefined
      edited = false
      return turn().then(() => void rules.pop())
    }
    await using s = await scene(
      (socket) => onHead(socket, () => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')),
      { rules: { rules, takeUp } },
    )
    const client = await s.proxy.secure('site.test')
    const sent = async () => {
      client.send(handshake.replace(host, `${host}Origin: https://portal.test\r\n`))
      expect((await client.response()).status).toBe(403)
      return s.origin.received.split('Bearer SECRET').length - 1
    }
    expect(await sent()).toBe(1)
    edited = true
    expect(await sent()).toBe(1)
  })

  it('opens when the origin says so, not before; bytes right behind the 101 arrive', async () => {
    await using s = await scene(() => {})
    const client = await s.proxy.secure('site.test')
    client.send(handshake)
    const socket = await s.origin.connected(1)
    while (!s.origin.received.includes('\r\n\r\n')) await once(socket, 'data')
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(client.received).toBe('')
    expect(s.origin.received).toContain('Connection: upgrade\r\nUpgrade: websocket\r\n')
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi',
      'latin1',
    )
    expect(await client.until(/\x81\x02hi/)).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\n\x81\x02hi$/s)
    client.send('\x81\x80mask')
    await once(socket, 'data')
    expect(s.origin.received.endsWith('\x81\x80mask')).toBe(true)
    client.socket.destroy()
    await expect.poll(() => socket.readableEnded || socket.destroyed).toBe(true)
  })

  it('refused by the origin is an answer like any other', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write(
          'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n',
        ),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(handshake)
    expect((await client.response()).status).toBe(426)
    client.send(handshake)
    expect((await client.response()).status).toBe(426)
    expect(s.origin.connections).toHaveLength(1)
  })

  it('bytes sent ahead of the 101 are no second request', async () => {
    await using s = await scene((socket) =>
      onHead(socket, () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
      ),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`${handshake}early frame`)
    await client.until(/\r\n\r\n/)
    await expect.poll(() => s.origin.received.endsWith('early frame')).toBe(true)
  })

  it.each([
    [
      'h2c',
      'GET',
      'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n',
    ],
    ['another protocol', 'GET', 'Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n'],
    ['a POST', 'POST', 'Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n'],
    ['two of them', 'GET', 'Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n'],
    ['not named by Connection', 'GET', 'Upgrade: websocket\r\n'],
  ])('is all that is upgraded to: not %s', async (_case, method, fields) => {
    await using s = await scene((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    )
    const client = await s.proxy.secure('site.test')
    client.send(`${method} / HTTP/1.1\r\n${host}${fields}\r\n`)
    expect((await client.response()).status).toBe(200)
    expect(s.origin.received.toLowerCase()).not.toMatch(/upgrade|http2-settings/)
  })
})
