import { describe, expect, it } from 'vitest'
import { parseProxyUrl } from '../rules/proxy-url.ts'
import { UpstreamProxies } from './upstream-proxies.ts'

const token = 'a'.repeat(43)
const company = 'http://company.example:3128'
const proxies = (env: Record<string, string>) => new UpstreamProxies('env', env, () => [8787])

describe('the proxy for an origin', () => {
  it.each([
    ['https', { HTTPS_PROXY: company }, company],
    ['https', { https_proxy: company, HTTPS_PROXY: 'http://other.example' }, company],
    ['http', { HTTPS_PROXY: company }, undefined],
    ['http', { HTTP_PROXY: company }, company],
    ['https', { HTTP_PROXY: company }, undefined],
    ['https', { ALL_PROXY: company }, company],
    ['http', { all_proxy: company, HTTP_PROXY: 'http://other.example:1' }, 'http://other.example:1'],
    ['https', { https_proxy: '', HTTPS_PROXY: company }, company],
    ['https', { HTTPS_PROXY: 'ftp://x' }, undefined],
    // Ourselves: a shell that evaluated `hallpass env`, a child of `run`, `--no-auth`.
    ['https', { HTTPS_PROXY: `http://default:${token}@127.0.0.1:9999` }, undefined],
    ['https', { HTTPS_PROXY: `http://default:child_${token}@localhost:9999` }, undefined],
    ['https', { HTTPS_PROXY: 'http://127.0.0.1:8787' }, undefined],
    ['https', { HTTPS_PROXY: 'http://127.0.0.1:3128' }, 'http://127.0.0.1:3128'],
    ['https', { HTTPS_PROXY: 'http://company.example:8787' }, 'http://company.example:8787'],
  ] as const)('for %s with %j is %s', (scheme, env, expected) => {
    expect(proxies(env).for(scheme, 'app.example.com', 443)?.text).toBe(expected)
  })

  it.each([
    ['example.com', 'example.com', 443, true],
    ['example.com', 'app.example.com', 443, true],
    ['.example.com', 'app.example.com', 443, true],
    ['.example.com', 'example.com', 443, true],
    ['*.example.com', 'app.example.com', 443, true],
    ['EXAMPLE.com.', 'app.example.com', 443, true],
    ['example.com', 'badexample.com', 443, false],
    ['example.com:8443', 'example.com', 443, false],
    ['example.com:8443', 'example.com', 8443, true],
    ['10.0.0.0/8', '10.1.2.3', 443, true],
    ['10.0.0.0/8', '11.1.2.3', 443, false],
    ['10.0.0.0/8', 'ten.example', 443, false],
    ['fd00::/8', 'fd12::1', 443, true],
    ['[fd00::1]:443', 'fd00::1', 443, true],
    ['10.0.0.0/99', '10.1.2.3', 443, false],
    ['10.1.2.3', '10.1.2.3', 443, true],
    ['a.example, b.example c.example', 'c.example', 443, true],
    ['*', 'anything.example', 443, true],
    ['', 'localhost', 443, true],
    ['', '127.0.0.9', 443, true],
    ['', 'app.localhost', 443, true],
    ['', '::1', 443, true],
  ])('NO_PROXY %j leaves %s:%i alone: %s', (no_proxy, host, port, alone) => {
    expect(proxies({ ALL_PROXY: company, no_proxy }).for('https', host, port) === undefined).toBe(alone)
  })

  it('that the configuration names goes before the environment, NO_PROXY too', () => {
    const named = new UpstreamProxies(parseProxyUrl('socks5://inner.example'), { NO_PROXY: '*' }, () => [])
    expect(named.for('http', 'app.example.com', 80)?.text).toBe('socks5://inner.example')
    expect(named.shown).toEqual(['socks5://inner.example'])
    const direct = new UpstreamProxies('direct', { ALL_PROXY: company }, () => [])
    expect(direct.for('https', 'app.example.com', 443)).toBeUndefined()
    expect(direct.shown).toEqual([])
  })

  it('is none where its variable cannot be used, and that is why a direct connection fails', () => {
    const unusable = proxies({ HTTPS_PROXY: 'http://alice:1/ter2@far.example', NO_PROXY: 'near.example' })
    expect(unusable.unused('https', 'app.example.com', 443)).toMatch(
      /^the proxy in HTTPS_PROXY is not used: /,
    )
    expect(unusable.unused('http', 'app.example.com', 80)).toBeUndefined()
    expect(unusable.unused('https', 'near.example', 443)).toBeUndefined()
    expect(unusable.unused('https', 'localhost', 443)).toBeUndefined()
  })

  it('that cannot be used is a problem, named without its password', () => {
    const { problems, shown } = proxies({
      HTTPS_PROXY: 'http://alice:1/ter2@far.example',
      http_proxy: 'gopher://x',
    })
    expect(shown).toEqual([])
    expect(problems).toHaveLength(2)
    expect(problems.join()).toMatch(/^the proxy in HTTPS_PROXY is not used: .*http_proxy/)
    expect(problems.join()).not.toMatch(/alice|ter2/)
  })
})
