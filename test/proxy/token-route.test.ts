import { describe, expect, it } from 'vitest'
import { tokenFetch } from '../../src/oauth/token-fetch.ts'
import { tokenRoute } from '../../src/proxy/token-route.ts'
import { httpOrigin, testRootPem } from '../support/origin.ts'
import { httpUpstreamProxy } from '../support/upstream-proxy.ts'

const get = { method: 'GET', headers: {}, body: undefined, redirect: 'manual' } as const
const roots = [testRootPem()]

function fetchBy(
  env: NodeJS.ProcessEnv,
  resolve: ReadonlyMap<string, string> = new Map(),
  deadlineMs = 20_000,
) {
  const { route, unused } = tokenRoute({ setting: 'env', env, ownPort: 8787, roots })
  return tokenFetch({ roots, resolve, route, unused, deadlineMs })
}

describe('a token request', () => {
  it('goes through the upstream proxy, end to end secured', async () => {
    await using origin = await httpOrigin((_, response) => response.end('hello'), { hosts: ['id.test'] })
    await using proxy = await httpUpstreamProxy({ to: origin.port, credentials: 'ada:pass' })
    const fetch = fetchBy({ HTTPS_PROXY: `http://ada:pass@127.0.0.1:${proxy.port}` })
    expect(await (await fetch('https://id.test/token', get)).text()).toBe('hello')
    expect(proxy.asked).toEqual(['CONNECT id.test:443'])
  })

  it('that fails without the proxy says why the proxy was not used', async () => {
    const fetch = fetchBy({ HTTPS_PROXY: 'http://ada:1/pass@far.example' })
    const failed = fetch('https://nobody.invalid/token', get)
    await expect(failed).rejects.toThrow(/; the proxy in HTTPS_PROXY is not used: nothing may follow/)
    await expect(failed).rejects.not.toThrow(/pass@/)
  })

  it('does not where resolve says where the host is, and not for loopback', async () => {
    await using origin = await httpOrigin((_, response) => response.end('hello'), {
      hosts: ['id.test', '127.0.0.1'],
    })
    await using proxy = await httpUpstreamProxy({ to: origin.port })
    const here = `127.0.0.1:${origin.port}`
    const fetch = fetchBy({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }, new Map([['id.test', here]]))
    for (const url of ['https://id.test/', `https://${here}/`])
      expect((await fetch(url, get)).status).toBe(200)
    expect(proxy.asked).toEqual([])
  })

  it.each([
    [
      'refuses',
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
      20_000,
      /the upstream proxy http:\/\/127\.0\.0\.1:\d+.* did not connect to id\.test:443: it answered 403 Forbidden/,
    ],
    ['does not answer', '', 100, /id\.test did not answer: /],
  ])('was not sent where the proxy %s', async (_, answer, deadlineMs, message) => {
    await using proxy = await httpUpstreamProxy({ to: 1, answer })
    const fetch = fetchBy({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }, new Map(), deadlineMs)
    await expect(fetch('https://id.test/token', get)).rejects.toMatchObject({
      name: 'TokenFetchError',
      sent: false,
      certificate: false,
      message: expect.stringMatching(message),
    })
  })
})
