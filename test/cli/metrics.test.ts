import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CommandLine, said } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin, rawOrigin, testRootPem } from '../support/origin.ts'
import { growth, readMetrics } from '../support/prometheus-text.ts'
import { basic, rawClient } from '../support/raw-client.ts'
import { tokenEndpoint } from '../support/token-endpoint.ts'

/** A built proxy that runs, with curl on both of its sides: through it, and on its socket. */
async function running(config: readonly string[], ...hosts: readonly string[]) {
  const cli = new CommandLine()
  const roots = join(cli.folder, 'roots.pem')
  writeFileSync(roots, testRootPem())
  const lines = [
    `upstreamCa: [${roots}]`,
    'resolve:',
    ...hosts.map((host) => `  ${host}: 127.0.0.1`),
    ...config,
  ]
  mkdirSync(join(cli.home, 'config'), { recursive: true, mode: 0o700 })
  writeFileSync(join(cli.home, 'config', 'config.yaml'), `${lines.join('\n')}\n`, { mode: 0o600 })
  expect(await cli.run(['start', '--background'])).toMatchObject({ status: 0 })
  const environment = await cli.run(['env', '--format', 'json'])
  const { set: env } = JSON.parse(environment.stdout) as { readonly set: Record<string, string> }
  const curl = (args: string) => cli.shell(`curl -s ${args}`, { env })
  const scrape = async () => {
    const socket = '"$HALLPASS_HOME/run/admin.sock"'
    const { stdout, status } = await cli.shell(`curl -sSf --unix-socket ${socket} http://hallpass/metrics`)
    expect(status).toBe(0)
    return readMetrics(stdout)
  }
  let last = await scrape()
  /** The counters that something makes grow, without those of time, bytes and connections. */
  const counted = async (something: () => Promise<unknown>) => {
    await something()
    const before = last
    last = await scrape()
    const grown = Object.entries(growth(before, last))
    return Object.fromEntries(grown.filter(([name]) => !/cpu|bytes|connections/.test(name)))
  }
  return { cli, proxy: new URL(env.HTTPS_PROXY ?? ''), curl, scrape, counted }
}

const testWithCurl = testWith('curl')

testWithCurl('/metrics counts what a running proxy does', async () => {
  await using origin = await httpOrigin(
    (request, response) => {
      if (request.url === '/login') response.setHeader('Set-Cookie', ['sid=1; Path=/app', 'csrf=2; Path=/'])
      const old = request.headers.authorization === 'Bearer A1'
      response.writeHead(old ? 401 : 200).end('hello')
    },
    { hosts: ['known.test', 'unknown.test', 'limited.test'] },
  )
  await using cutting = await rawOrigin(
    (socket) =>
      void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npart')),
    { hosts: ['cutting.test'] },
  )
  await using tokens = await tokenEndpoint()
  const closed = await rawOrigin(() => {})
  const { port: closedPort } = closed
  await closed[Symbol.asyncDispose]()
  const { port } = origin
  const { cli, curl, counted, proxy } = await running(
    [
      'capture: [known.test, cutting.test, limited.test]',
      'rules:',
      '  - hosts: [limited.test]',
      '    allow: [GET /only]',
    ],
    ...['known.test', 'unknown.test', 'limited.test', 'cutting.test'],
  )

  expect(await counted(() => curl(`https://known.test:${port}/login`))).toEqual({
    'hallpass_requests_total answered': 1,
    'hallpass_responses_total 2xx': 1,
    hallpass_captured_cookies_total: 2,
    'hallpass_saves_total cookies saved': 1,
  })
  expect(await counted(() => curl(`https://known.test:${port}/`))).toEqual({
    'hallpass_requests_total answered': 1,
    'hallpass_responses_total 2xx': 1,
    'hallpass_attached_total cookie': 1,
    'hallpass_withheld_total cookie path': 1,
  })

  const set = ['token', 'set', 'api', '--kind', 'oauth2', '--host', 'known.test', '--client-id', 'tests']
  const stdin = JSON.stringify({ access_token: 'A1', refresh_token: 'R1', token_type: 'Bearer' })
  expect(await cli.run([...set, '--token-endpoint', tokens.url], { stdin })).toMatchObject({ status: 0 })
  expect(await counted(() => curl(`https://known.test:${port}/app/me`))).toEqual({
    'hallpass_requests_total answered': 1,
    'hallpass_responses_total 2xx': 1,
    'hallpass_attached_total cookie': 2,
    'hallpass_attached_total oauth2': 1,
    hallpass_replayed_requests_total: 1,
    'hallpass_refreshes_total refreshed': 1,
    'hallpass_saves_total credential saved': 2,
  })

  expect(await counted(() => curl(`https://known.test:${closedPort}/app/`))).toEqual({
    'hallpass_requests_total failed': 1,
    'hallpass_errors_total upstream-unreachable': 1,
    'hallpass_upstream_errors_total refused': 1,
  })
  expect(await counted(() => curl(`https://limited.test:${port}/other`))).toEqual({
    'hallpass_requests_total refused': 1,
    'hallpass_errors_total policy': 1,
  })
  expect(await counted(() => curl(`https://cutting.test:${cutting.port}/`))).toEqual({
    'hallpass_requests_total cut': 1,
    'hallpass_responses_total 2xx': 1,
    'hallpass_upstream_errors_total cut': 1,
  })
  expect(await counted(() => curl(`-x http://default:wrong@${proxy.host} http://known.test/`))).toEqual({
    'hallpass_errors_total proxy-auth': 1,
  })
})

testWithCurl('the commands of docs/metrics.md print the metrics, and pass them on as a file', async () => {
  const { cli } = await running([])
  const document = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')
  const here = (text = '') =>
    text.replaceAll('~/.hallpass', cli.home).replaceAll('/var/lib/node_exporter', cli.folder)
  const print = here(/^curl .*$/m.exec(document)?.[0])
  const pass = here(/^\* \* \* \* \* (.*)$/m.exec(document)?.[1])
  const listed = [...document.matchAll(/^\| `(hallpass_\w+)`/gm)].map(([, name]) => name)
  const names = (text: string) => readMetrics(text).map(({ name }) => name)
  const file = join(cli.folder, 'hallpass.prom')

  expect(names((await cli.shell(print)).stdout)).toEqual(listed)
  expect(await cli.shell(pass)).toMatchObject({ status: 0, stdout: '', stderr: '' })
  expect(names(readFileSync(file, 'utf8'))).toEqual(listed)
  await cli.run(['stop'])
  await cli.shell(pass)
  expect(existsSync(file)).toBe(false)
})

testWithCurl('prom-client is loaded by the first scrape, and by nothing before', async () => {
  const { cli } = await running([])
  const preload = join(cli.folder, 'preload.cjs')
  const list = join(cli.folder, 'loaded.txt')
  const note = `require('fs').writeFileSync(${JSON.stringify(list)}, Object.keys(require.cache).join('\\n'))`
  writeFileSync(preload, `process.on('exit', () => ${note})\n`)
  const env = { NODE_OPTIONS: `--require ${preload}` }
  const hasIt = () =>
    readFileSync(list, 'utf8')
      .split('\n')
      .some((file) => /already been registered/.test(readFileSync(file, 'utf8')))
  for (const args of [['status'], ['env'], ['session', 'list'], ['explain', 'https://a.test/'], ['stop']]) {
    expect(await cli.run(args, { env })).toMatchObject({ status: 0 })
    expect([args, hasIt()]).toEqual([args, false])
  }
  const scrape = `curl -sf --unix-socket ${cli.home}/run/admin.sock http://hallpass/metrics`
  for (const [script, loaded] of [
    ['hallpass status', false],
    [scrape, true],
  ] as const) {
    const proxy = cli.spawn(['start'], { env })
    await said(proxy, /HTTPS_PROXY|env/)
    expect(await cli.shell(script)).toMatchObject({ status: 0 })
    proxy.kill('SIGTERM')
    await once(proxy, 'close')
    expect([script, hasIt()]).toEqual([script, loaded])
  }
})

testWithCurl('/metrics counts the bytes of clients and of tunnels', async () => {
  const body = Buffer.alloc(300_000, 'x')
  await using origin = await httpOrigin((_, response) => void response.end(body), {
    hosts: ['known.test', 'unknown.test'],
  })
  const { curl, scrape } = await running(['capture: [known.test]'], 'known.test', 'unknown.test')
  const first = await scrape()
  const { stdout } = await curl(`-k https://unknown.test:${origin.port}/`)
  expect(stdout).toHaveLength(body.length)
  const second = await scrape()
  const tunnel = growth(first, second)
  expect(tunnel).toMatchObject({ hallpass_connections_total: 1, hallpass_tunnels_total: 1 })
  const received = tunnel['hallpass_tunnel_bytes_total to_origin'] ?? 0
  const sent = tunnel['hallpass_tunnel_bytes_total to_client'] ?? 0
  expect(sent).toBeGreaterThan(body.length)
  expect(received).toBeGreaterThan(100)
  // The head of the CONNECT, and its answer.
  expect(tunnel['hallpass_client_bytes_total sent']).toBe(
    sent + 'HTTP/1.1 200 Connection established\r\n\r\n'.length,
  )
  expect(tunnel['hallpass_client_bytes_total received']).toBeGreaterThan(received)

  await curl(`https://known.test:${origin.port}/`)
  const opened = growth(second, await scrape())
  expect(opened['hallpass_client_bytes_total sent']).toBeGreaterThan(body.length)
  expect(opened['hallpass_client_bytes_total sent']).toBeLessThan(body.length * 1.1)
  expect(opened).not.toHaveProperty('hallpass_tunnel_bytes_total to_client')
})

test('the gauges of connections and tunnels fall when these close', async () => {
  await using origin = await rawOrigin((socket) => void socket.write('hello'))
  const { proxy, scrape } = await running([], 'unknown.test')
  const open = async () => {
    const families = await scrape()
    return ['hallpass_open_connections', 'hallpass_open_tunnels'].map(
      (name) => families.find((each) => each.name === name)?.series[0]?.value,
    )
  }
  const client = await rawClient(Number(proxy.port))
  const endpoint = `unknown.test:${origin.port}`
  const authorization = basic(proxy.username, proxy.password)
  client.send(
    `CONNECT ${endpoint} HTTP/1.1\r\nHost: ${endpoint}\r\nProxy-Authorization: ${authorization}\r\n\r\n`,
  )
  await client.until(/hello/)
  expect(await open()).toEqual([1, 1])
  client.socket.resetAndDestroy()
  await expect.poll(open).toEqual([0, 0])
})
