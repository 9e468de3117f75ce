import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { Dialer } from '../../src/proxy/dial.ts'
import { isRefusedAddress } from '../../src/proxy/guard.ts'
import { httpOrigin } from '../support/origin.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

/** Asks for a target in both ways; the status of the proxy's answer and its code. A known host is refused inside. */
async function both(proxy: TestProxy, host: string, port: number): Promise<readonly string[]> {
  const lines = [
    `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}`,
    `GET http://${host}:${port}/ HTTP/1.1\r\nHost: ${host}:${port}`,
  ]
  const results: string[] = []
  for (const line of lines) {
    using client = await proxy.client()
    client.send(`${line}\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`)
    let { status, head } = await client.response()
    if (status === 200) {
      client.send(`GET / HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`)
      ;({ status, head } = await client.response())
    }
    results.push(`${status} ${/hallpass-error: (\S+)/i.exec(head)?.[1] ?? ''}`)
  }
  return results
}

const refusedOrNoHost = /^(?:403 target-refused|400 request-malformed)$/

describe("the proxy's own port is no target", () => {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  )
  const spellings = [
    'localhost',
    'LOCALHOST',
    'localhost.',
    '127.0.0.1',
    '127.0.0.2',
    '127.1.2.3',
    '127.255.255.254',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.01',
    '0.0.0.0',
    '0',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000::0001]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    'mapped.test',
    ...interfaces.map((address) => (address.includes(':') ? `[${address}]` : address)),
  ]

  it.each(spellings)('%s', async (host) => {
    await using proxy = await startTestProxy({ resolve: { 'mapped.test': '127.0.0.1' } })
    for (const result of await both(proxy, host, proxy.port)) expect(result).toMatch(refusedOrNoHost)
    expect(proxy.proxy.stats().connections).toBe(2)
  })

  it('also where `resolve` maps a name and another port to it', () => {
    const dialer = new Dialer({
      resolve: new Map([['mapped.test:80', '127.0.0.1:8787']]),
      ownPorts: () => [8787],
    })
    expect(() => dialer.to({ host: 'mapped.test', port: 80 })).toThrow('never a target')
    expect(dialer.to({ host: 'mapped.test', port: 81 }).host).toBe('mapped.test')
  })

  it('while other ports of this machine are: tools use local servers', async () => {
    await using origin = await httpOrigin((_request, response) => response.end('mine'))
    await using proxy = await startTestProxy()
    for (const host of ['127.0.0.1', 'localhost']) {
      using client = await proxy.client()
      client.send(
        `GET http://${host}:${origin.port}/ HTTP/1.1\r\nHost: ${host}:${origin.port}\r\nProxy-Authorization: ${proxy.authorization}\r\n\r\n`,
      )
      expect((await client.response()).status).toBe(200)
    }
  })
})

describe('metadata services and link-local addresses are no target', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '169.254.43518',
    '2852039166',
    '0xa9fea9fe',
    '0xA9.0xFE.0xA9.0xFE',
    '0251.0376.0251.0376',
    '025177524776',
    '169.254.169.254.',
    '[fe80::1]',
    '[fe80:0:0:0:0:0:0:1]',
    '[febf::1]',
    '[fd00:ec2::254]',
    '[fd00:0ec2:0:0:0:0:0:0254]',
    '[fd20:ce::254]',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[::169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b::169.254.169.254]',
    '[2002:a9fe:a9fe::1]',
    '[::ffff:6464:64c8]',
    'metadata.google.internal',
    'METADATA.google.internal.',
    'metadata.goog',
    'metadata',
    'instance-data.ec2.internal',
    'rebound.test',
    'rebound6.test',
    'odd.test',
    '0.0.0.0',
    '[::]',
    '224.0.0.1',
    '255.255.255.255',
    '[ff02::1]',
  ])('%s', async (host) => {
    await using proxy = await startTestProxy({
      resolve: { 'rebound.test': '169.254.169.254', 'rebound6.test': '[fe80::1]', 'odd.test': '0xa9fea9fe' },
    })
    await proxy.knows('SECRET', 'rebound.test', '169.254.169.254')
    const results = await both(proxy, host, 80)
    for (const result of results) expect(result).toMatch(refusedOrNoHost)
  })

  it('a name server that answers so, after CONNECT to a known host: refused inside', async () => {
    await using proxy = await startTestProxy({ resolve: { 'site.test': '0xa9fea9fe' } })
    await proxy.knows('SECRET', 'site.test')
    const client = await proxy.secure('site.test')
    client.send('GET / HTTP/1.1\r\nHost: site.test\r\n\r\n')
    const answer = await client.response()
    expect(answer.status).toBe(403)
    expect(answer.head).toContain('Hallpass-Error: target-refused\r\n')
  })

  it.each([
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '127.0.0.1',
    '::1',
    'fd00::1',
    '8.8.8.8',
    '2606:4700::1',
    '::ffff:10.0.0.1',
  ])('%s may be one: an intranet is legitimate', (address) => {
    expect(isRefusedAddress(address)).toBe(false)
  })
})

describe('odd spellings of a host are refused or harmless, and the proxy lives on', () => {
  it.each([
    'site.test\0.evil.test',
    'evil.test\0site.test',
    'site.test%00.evil.test',
    'site.test@evil.test',
    'evil.test@site.test',
    'site.test\\evil.test',
    'site.test\\@evil.test',
    'site.test#evil.test',
    'site.test?evil.test',
    'site.test evil.test',
    'site.test\tevil.test',
    'site.test..',
    '.site.test',
    'site..test',
    's%69te.test',
    '\xefsite.test',
    'site.test;evil.test',
    '[::1%25lo]',
    '[::1',
    '::1',
  ])('%j', async (host) => {
    await using origin = await httpOrigin((_request, response) => response.end('x'), { hosts: ['site.test'] })
    await using proxy = await startTestProxy({ resolve: { 'site.test': `127.0.0.1:${origin.port}` } })
    await proxy.knows('SECRET', 'site.test')
    for (const result of await both(proxy, host, 443)) expect(result).toMatch(/^(?:400|403|421|502) /)
    expect(origin.connections).toHaveLength(0)
    const client = await proxy.secure('site.test')
    client.send('GET / HTTP/1.1\r\nHost: site.test\r\n\r\n')
    expect((await client.response()).status).toBe(200)
  })
})
