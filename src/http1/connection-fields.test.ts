import { describe, expect, it } from 'vitest'
import { asksForWebSocket, connectionTokens, isPersistent } from './connection-fields.ts'
import { parseRequestHead } from './request-head.ts'

function head(fields: string, { method = 'GET', minor = 1 } = {}) {
  return parseRequestHead(`${method} / HTTP/1.${minor}\r\nHost: a.example\r\n${fields}`)
}

describe('the members of Connection', () => {
  it('are those of every such line, lower-case, without blanks and empty members', () => {
    const { fields } = head('Connection: Close, X-A\t,,\r\nX: y\r\nCONNECTION: upgrade\r\n')
    expect([...connectionTokens(fields)]).toEqual(['close', 'x-a', 'upgrade'])
  })
})

describe('a connection', () => {
  it.each([
    [1, '', true],
    [1, 'Connection: keep-alive\r\n', true],
    [1, 'Connection: close\r\n', false],
    [1, 'Connection: x, CLOSE\r\n', false],
    [1, 'Connection: keep-alive\r\nConnection: close\r\n', false],
    [1, 'Connection: closed\r\n', true],
    [1, 'Proxy-Connection: close\r\n', false],
    [0, '', false],
    [0, 'Connection: Keep-Alive\r\n', true],
    [0, 'Proxy-Connection: keep-alive\r\n', true],
    [0, 'Connection: keep-alive, close\r\n', false],
  ])('of HTTP/1.%i with %j carries another message: %j', (minor, fields, persistent) => {
    expect(isPersistent(head(fields, { minor }))).toBe(persistent)
  })
})

describe('a request', () => {
  const upgrade = 'Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n'

  it('asks for a WebSocket', () => {
    expect(asksForWebSocket(head(upgrade))).toBe(true)
    expect(asksForWebSocket(head('upgrade: WebSocket\r\nconnection: upgrade\r\n'))).toBe(true)
  })

  it.each([
    ['with another method', head(upgrade, { method: 'POST' })],
    ['in HTTP/1.0', head(upgrade, { minor: 0 })],
    ['without Connection', head('Upgrade: websocket\r\n')],
    ['without Upgrade', head('Connection: Upgrade\r\n')],
    [
      'for HTTP/2',
      head('Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n'),
    ],
    ['for a choice with HTTP/2 in it', head('Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n')],
    ['for HTTP/2 on a second line', head(`${upgrade}Upgrade: h2c\r\n`)],
    ['for HTTP/2 on a first line', head(`Upgrade: h2c\r\n${upgrade}`)],
    ['with a body by length', head(`${upgrade}Content-Length: 5\r\n`)],
    ['with a body by chunks', head(`${upgrade}Transfer-Encoding: chunked\r\n`)],
  ])('does not, %s', (_, request) => {
    expect(asksForWebSocket(request)).toBe(false)
  })
})
