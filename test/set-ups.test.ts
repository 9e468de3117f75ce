import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startSite } from '../demo/site.ts'
import { kindNames } from '../src/credentials/kinds.ts'
import { type AuthorizationServer, startAuthorizationServer } from './support/authorization-server.ts'
import { BrowsingUser } from './support/browsing-user.ts'
import { CommandLine, ended } from './support/command-line.ts'
import { certificateFor, testRootPem } from './support/origin.ts'

/** The blocks of commands under a heading of a document. */
function blocksOf(file: string, heading: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8')
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/^```\n(.*?)^```/gms)].map(([, lines = '']) => lines)
}

const readme = blocksOf('README.md', 'Use a token')
const tokens = (heading: string) => blocksOf('docs/tokens.md', heading)[0] ?? 'no block'

const token = 'static-0c3f7d21'

/** Over TLS, for a host that the configuration leads here. */
async function serve(host: string, listener: RequestListener): Promise<string> {
  const server = createServer(certificateFor(host), listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `${host}=127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Says who asks, by the token. */
function api({ record }: AuthorizationServer): RequestListener {
  return ({ headers }, response) => {
    const given = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
    const known = given === token || record.isAlive(given)
    response.writeHead(known ? 200 : 401).end(known ? 'you are ada' : 'who are you?')
  }
}

/** The paths of GitHub's own authorization server, with the one of the tests behind them. */
function github({ issuer }: AuthorizationServer): RequestListener {
  const paths: Readonly<Record<string, string>> = {
    '/login/device/code': '/device/auth',
    '/login/oauth/access_token': '/token',
  }
  return async (request, response) => {
    const form = new URLSearchParams(await text(request))
    form.set('client_id', 'native')
    // GitHub takes a login without a scope.
    if (request.url === '/login/device/code') form.set('scope', 'read')
    const answer = await fetch(`${issuer}${paths[request.url ?? ''] ?? '/nowhere'}`, {
      method: 'POST',
      body: form,
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(await answer.text())
  }
}

const password = 'open sesame'

/** hallpass, with the hosts of the documents led to servers of the tests, and `npx`, `$TOKEN`, `$PASSWORD` and a browser. */
async function world() {
  const server = await startAuthorizationServer()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-set-ups-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const root = join(folder, 'root.pem')
  writeFileSync(root, testRootPem())
  const site = await startSite(certificateFor('app.example.com'), {
    user: 'ada',
    password,
    apiToken: token,
  })
  onTestFinished(() => site.close())
  const resolve = await Promise.all([
    `app.example.com=127.0.0.1:${site.port}`,
    serve('github.com', github(server)),
    ...['api.example.com', 'api.github.com', 'api.work.example'].map((host) => serve(host, api(server))),
  ])
  const cli = new CommandLine()
  const env = {
    HALLPASS_RESOLVE: resolve.join(','),
    HALLPASS_UPSTREAM_CA: root,
    BROWSER: `${process.execPath} ${join(import.meta.dirname, 'cli/browser.ts')}`,
    TOKEN: token,
    PASSWORD: password,
  }
  const npx = 'npx() { shift; hallpass "$@"; }\nset -e -o pipefail\n'
  // The issuer is the one name that cannot be led elsewhere: it says itself who it is.
  const lines = (setUp: string) => npx + setUp.replaceAll('https://id.example.com', server.issuer)
  return { cli, server, env, lines }
}

describe('the commands of README and docs/tokens.md, as printed there', () => {
  it('README.md: signing in by a form', async () => {
    const { cli, env, lines } = await world()
    const [setUp = 'no block'] = blocksOf('README.md', 'Sign in by a form')
    const { stdout, stderr, status } = await cli.shell(lines(setUp), { env })
    expect({ stdout, stderr, status }).toMatchObject({ stdout: 'welcome\n{"name":"Ada"}\n', status: 0 })
  })

  it.each([
    ['README.md', readme[0]],
    ['docs/tokens.md', tokens('An API token')],
  ])('%s: an API token', async (_, setUp = '') => {
    const { cli, env, lines } = await world()
    const { stdout, stderr, status } = await cli.shell(lines(setUp), { env })
    expect({ stdout, stderr, status }).toMatchObject({ stdout: 'you are ada', status: 0 })
    expect(stdout + stderr).not.toContain(token)
  })

  it.each([
    ['README.md', readme[1]],
    ['docs/tokens.md', tokens('A login at a provider')],
  ])('%s: a provider by a code', async (_, setUp = '') => {
    const { cli, env, lines, server } = await world()
    const child = cli.shellProcess(lines(setUp), { env })
    let said = ''
    child.stderr?.on('data', (more) => {
      const before = codeIn(said)
      said += more
      const code = before === undefined ? codeIn(said) : undefined
      if (code !== undefined) void new BrowsingUser().approveDevice(`${server.issuer}/device`, code)
    })
    const { stdout, stderr, status } = await ended(child)
    expect({ stdout, stderr, status }).toMatchObject({ stdout: 'you are ada', status: 0 })
    expect(stderr).toContain('kept github for api.github.com')
  })

  it('docs/tokens.md: an issuer in the browser', async () => {
    const { cli, env, lines } = await world()
    const setUp = tokens('A login at any other issuer')
    const { stdout, stderr, status } = await cli.shell(lines(setUp), { env })
    expect({ stdout, stderr, status }).toMatchObject({ stdout: 'you are ada', status: 0 })
    expect(stderr).toMatch(/kept work for api\.work\.example.*: expires in .*, refreshes 5 min before\n/)
  })

  it('docs/tokens.md: tokens of another tool', async () => {
    const { cli, env, lines } = await world()
    mkdirSync(join(cli.folder, '.config/tool'), { recursive: true })
    writeFileSync(join(cli.folder, '.config/tool/token.json'), JSON.stringify({ access_token: token }))
    const { stderr, status } = await cli.shell(lines(tokens('Fresh tokens')), { env })
    expect({ stderr, status }).toMatchObject({ status: 0 })
    expect(await listed(cli)).toEqual(['oauth2'])
  })

  it('docs/tokens.md: values that commands print', async () => {
    const { cli, lines } = await world()
    const bin = join(cli.folder, 'bin')
    mkdirSync(bin)
    const keys = JSON.stringify({ AccessKeyId: 'id', SecretAccessKey: 'secret' })
    for (const [program, prints] of Object.entries({ gh: token, op: token, aws: keys }))
      writeFileSync(join(bin, program), `#!/bin/sh\necho '${prints}'\n`, { mode: 0o700 })
    const env = { PATH: `${bin}:${process.env.PATH}` }
    const { stderr, status } = await cli.shell(lines(tokens('A value that a command prints')), { env })
    expect({ stderr, status }).toMatchObject({ status: 0 })
    expect(stderr).toMatch(/kept wiki .*: expires in 10 min/)
    expect(stderr).not.toContain('needs login')
    expect(await listed(cli)).toEqual(['bearer', 'bearer', 'sigv4'])
  })

  it('docs/tokens.md: values in a file and in a variable', async () => {
    const { cli, lines } = await world()
    writeFileSync(join(cli.folder, 'orders'), token)
    const setUp = tokens('A value in a file or a variable').replaceAll('/run/secrets', cli.folder)
    const { stderr, status } = await cli.shell(lines(setUp), { env: { CI_API_TOKEN: token } })
    expect({ stderr, status }).toMatchObject({ status: 0 })
    expect(stderr).toMatch(/kept orders .*\n(.*\n)*.*kept ci /)
    expect(await listed(cli)).toEqual(['bearer', 'bearer'])
  })

  it('docs/tokens.md: each other kind', async () => {
    const { cli, lines } = await world()
    const aws = JSON.stringify({ AccessKeyId: 'id', SecretAccessKey: 'secret' })
    const env = {
      PASSWORD: 'ada:secret',
      KEY: 'secret-key-0123456789',
      KEYS: JSON.stringify({ consumerKey: 'a', consumerSecret: 'b', token: 'c', tokenSecret: 'd' }),
    }
    const setUp = `aws() { echo '${aws}'; }\n${lines(tokens('Other kinds'))}`
    const { stderr, status } = await cli.shell(setUp, { env })
    expect({ stderr, status }).toMatchObject({ status: 0 })
    const others = kindNames.filter((kind) => kind !== 'bearer' && kind !== 'oauth2')
    expect(await listed(cli)).toEqual(others.toSorted())
  })
})

/** The kinds of the credentials that the session holds. */
async function listed(cli: CommandLine): Promise<readonly string[]> {
  const { stdout } = await cli.run(['token', 'list', '--json'])
  const { tokens } = JSON.parse(stdout) as { readonly tokens: readonly { readonly kind: string }[] }
  return tokens.map(({ kind }) => kind).toSorted()
}

function codeIn(said: string): string | undefined {
  return /\b[A-Z]{4}-[A-Z]{4}\b/.exec(said)?.[0]
}
