import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { homePaths } from '../../src/store/home.ts'
import { type FalseAnswer, startAuthorizationServer } from '../support/authorization-server.ts'
import { CommandLine, said } from '../support/command-line.ts'
import { LeakSearch } from '../support/leaks.ts'
import { testRootPem } from '../support/origin.ts'

const lifeSeconds = 3

describe('tokens and a client secret after every kind of use', () => {
  it('are not in files, logs, output, environments, command lines or admin answers', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds, hosts: ['127.0.0.1'] })
    const { clientId, clientSecret } = server.clients.basic
    const cli = new CommandLine()
    cli.env.NODE_COMPILE_CACHE = join(cli.folder, 'compiled')
    trustTestRoot(cli)
    const { record } = server
    const outputs: [string, string][] = []
    const hallpass = async (args: readonly string[], stdin?: string) => {
      const { status, stdout, stderr } = await cli.run(args, stdin === undefined ? {} : { stdin })
      outputs.push([`stdout of ${args.join(' ')}`, stdout], [`stderr of ${args.join(' ')}`, stderr])
      return { args, status, stdout, stderr }
    }
    const get = (...more: readonly string[]) =>
      hallpass(['run', ...more, '--', process.execPath, '-e', fetching, server.resource])

    const given = JSON.stringify({ ...(await server.issue(clientId)), client_secret: clientSecret })
    const definition = [
      '--kind',
      'oauth2',
      '--host',
      '127.0.0.1',
      '--issuer',
      server.issuer,
      '--client-id',
      clientId,
    ]
    expect(await hallpass(['token', 'set', 'api', ...definition], given)).toMatchObject({ status: 0 })
    expect(await get()).toMatchObject({ status: 0, stdout: '200 for ada\n' })
    expect(await hallpass(['start', '--background'])).toMatchObject({ status: 0 })
    await sleep(lifeSeconds * 1000)
    expect(await get()).toMatchObject({ status: 0, stdout: '200 for ada\n' })
    // From here on only a command refreshes tokens.
    record.lifeSeconds = 3600
    expect(await hallpass(['token', 'refresh', 'api'])).toMatchObject({ status: 0 })
    const held = record.refreshTokens.at(-1) ?? ''

    // A failing server repeats the request in its error. Each error belongs to another credential, so that all errors stay visible.
    for (const [n, answer] of echoes.entries()) {
      const issued = await server.issue(clientId)
      const told = [issued.refresh_token, clientSecret]
      const elsewhere = ['--host', `api${n}.test`, ...definition.slice(4)]
      const value = JSON.stringify({ ...issued, client_secret: clientSecret })
      await hallpass(['token', 'set', `told${n}`, '--kind', 'oauth2', ...elsewhere], value)
      server.instead.push(answer(told.join(' ')))
      expect(await hallpass(['token', 'refresh', `told${n}`])).toMatchObject({ status: 6 })
    }

    // A session that needs a login, and everything that reports it.
    server.instead.push(json(400, 'invalid_grant')(held))
    expect(await hallpass(['token', 'refresh', 'api'])).toMatchObject({ status: 4 })
    record.expireAll()
    expect((await get()).stdout).toBe('401 for nobody\n')
    await Promise.all(looking.map((command) => hallpass(command)))
    for (const path of [
      '/healthz',
      '/status',
      '/needed-logins',
      '/site-logins',
      '/sessions/default/access?reveal=true',
      '/nothing',
    ])
      outputs.push([`admin ${path}`, await admin(cli, path)])
    const child = cli.spawn([
      'run',
      '--',
      process.execPath,
      '-e',
      'console.log("up"); setInterval(() => {}, 1000)',
    ])
    await said(child, /up/)
    const search = new LeakSearch({ ...record.secrets, 'client secret': clientSecret }).processes()
    child.kill('SIGTERM')
    await hallpass(['stop'])

    expect(record.refreshTokens.length).toBeGreaterThan(8)
    search.folder(cli.folder)
    for (const [where, output] of outputs) search.text(where, output)
    expect(search.leaks).toEqual([])
    expect(search.searched).toBeGreaterThan(50)
  })
})

const fetching = 'fetch(process.argv[1]).then(async (r) => console.log(r.status, await r.text()))'

const looking = [
  ['status', '--json'],
  ['token', 'list'],
  ['token', 'list', '--json'],
  ['token', 'get', 'api', '--json'],
  ['explain', 'https://api4.test/'],
  ['explain', 'https://127.0.0.1/', '--json'],
  ['session', 'show', '--json'],
  ['logs'],
]

type Echo = (echo: string) => FalseAnswer

const json =
  (status: number, error: string): Echo =>
  (echo) =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        error,
        error_description: `refused: ${echo}`,
        error_uri: `https://id.test/?${echo}`,
      }),
    )

const echoes: readonly Echo[] = [
  json(400, 'invalid_request'),
  json(401, 'invalid_client'),
  (echo) => (response) => response.writeHead(500, { 'content-type': 'text/html' }).end(`<p>${echo}</p>`),
  (echo) => (response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{"access_token":"${echo}", oops`),
  (echo) => (response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ access_token: echo, token_type: echo })),
  (echo) => (response) =>
    response.writeHead(302, { location: `https://id.test/login?was=${echo.replaceAll(' ', '+')}` }).end(),
]

function trustTestRoot(cli: CommandLine): void {
  const pem = join(cli.folder, 'root.pem')
  writeFileSync(pem, testRootPem())
  mkdirSync(join(cli.home, 'config'), { recursive: true, mode: 0o700 })
  writeFileSync(join(cli.home, 'config', 'config.yaml'), `upstreamCa: [${JSON.stringify(pem)}]\n`, {
    mode: 0o600,
  })
}

async function admin(cli: CommandLine, path: string): Promise<string> {
  const { adminSocket } = homePaths(cli.home)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request({ socketPath: adminSocket, path }, (response) => resolve(text(response)))
    .on('error', reject)
    .end()
  return promise
}
