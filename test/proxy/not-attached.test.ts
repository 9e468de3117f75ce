import { describe, expect, it } from 'vitest'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { onHead } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { scene } from '../support/scene.ts'
import { tokenScene } from '../support/token-scene.ts'

const get = 'GET / HTTP/1.1\r\nHost: site.test\r\n\r\n'
const ok = 'HTTP/1.1 200 OK\r\nHallpass-Not-Attached: forged\r\nContent-Length: 2\r\n\r\nok'

describe('a credential that should have gone on a request', () => {
  it('is named in the header, the log and the report, once for each request, host and credential', async () => {
    const rule = { hosts: [parseHostPattern('site.test')], credential: 'gone' }
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)), {
      rules: { rules: [rule] },
    })
    const client = await s.proxy.secure('site.test')
    for (const _ of [1, 2]) {
      client.send(get)
      const { status, head } = await client.response()
      expect(status).toBe(200)
      expect(head.match(/^Hallpass-Not-Attached: .*$/gm)).toEqual(['Hallpass-Not-Attached: gone'])
    }
    const reason = 'the rule names it, but the session does not have it: hallpass token set gone'
    expect(s.proxy.entries.map(({ note }) => note)).toEqual([
      `not attached: gone (${reason})`,
      `not attached: gone (${reason})`,
    ])
    expect(s.proxy.clients.report.summary.notAttached).toMatchObject([
      { session: 'default', url: 'https://site.test/', name: 'gone', reason, count: 2 },
    ])
  })

  it('and goes with an expired token while its refresh fails, too', async () => {
    await using s = await tokenScene((socket) => onHead(socket, () => socket.write(ok)))
    s.tokens.refusal = { status: 503, error: 'temporarily_unavailable' }
    const tokens = { accessToken: 'A1', refreshToken: 'R1', receivedAt: 0, expiresAt: 1 }
    await s.proxy.session.tokens.save('api', undefined, { tokens, refreshes: 0 })
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).head).toContain('Hallpass-Not-Attached: api\r\n')
    expect(s.proxy.entries[0]?.note).toMatch(
      /^not attached: api \(its token has expired; the refresh fails: /,
    )
  })

  it('is not reported when it did', async () => {
    await using s = await scene((socket) => onHead(socket, () => socket.write(ok)))
    const client = await s.proxy.secure('site.test')
    client.send(get)
    expect((await client.response()).head).not.toMatch(/hallpass/i)
    expect(s.proxy.clients.report.summary).toMatchObject({ requests: 1, attached: 1, notAttached: [] })
  })
})

describe('the report of a client', () => {
  it('has what the proxy itself answered, to a CONNECT and inside, and counts the same again', async () => {
    await using proxy = await startTestProxy({ resolve: { 'site.test': '127.0.0.1:1' } })
    await proxy.knows('SECRET', 'site.test')
    for (const _ of [1, 2]) {
      const client = await proxy.secure('site.test')
      client.send(get)
      expect((await client.response()).status).toBe(502)
    }
    const refused = await proxy.client()
    refused.send(
      `CONNECT 169.254.1.1:443 HTTP/1.1\r\nHost: 169.254.1.1:443\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
    )
    expect((await refused.response()).status).toBe(403)
    expect(proxy.clients.report.summary.answers).toMatchObject([
      { session: 'default', code: 'upstream-unreachable', count: 2 },
      { session: 'default', code: 'target-refused', count: 1 },
    ])
  })
})
