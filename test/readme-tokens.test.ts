import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from './support/authorization-server.ts'
import { BrowsingUser } from './support/browsing-user.ts'
import { CommandLine, ended } from './support/command-line.ts'
import { certificateFor, testRootPem } from './support/origin.ts'

const document = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const section = /^## Tokens\n(.*?)^## /ms.exec(document)?.[1] ?? ''
const setUps = [...section.matchAll(/^```\n(.*?)^```/gms)].map(([, lines = '']) => lines)

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

/** hallpass with the hosts of README led to servers of the tests, and `npx`, `$TOKEN` and a browser as README has them. */
async function world() {
  const server = await startAuthorizationServer()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const root = join(folder, 'root.pem')
  writeFileSync(root, testRootPem())
  const resolve = await Promise.all([
    serve('github.com', github(server)),
    ...['api.example.com', 'api.github.com', 'api.work.example'].map((host) => serve(host, api(server))),
  ])
  const cli = new CommandLine()
  const env = {
    HALLPASS_RESOLVE: resolve.join(','),
    HALLPASS_UPSTREAM_CA: root,
    BROWSER: `${process.execPath} ${join(import.meta.dirname, 'cli/browser.ts')}`,
    TOKEN: token,
  }
  const npx = 'npx() { shift; hallpass "$@"; }\nset -e -o pipefail\n'
  // The issuer is the one name that cannot be led elsewhere: it says itself who it is.
  const lines = (setUp: string) => npx + setUp.replaceAll('https://id.example.com', server.issuer)
  return { cli, server, env, lines }
}

describe("README's set-ups of tokens, as they stand there", () => {
  beforeAll(() => expect(setUps).toHaveLength(3))

  it('an API token', async () => {
    const { cli, env, lines } = await world()
    const { stdout, stderr, status } = await cli.shell(lines(setUps[0] ?? ''), { env })
    expect({ stdout, stderr, status }).toMatchObject({ stdout: 'you are ada', status: 0 })
    expect(stdout + stderr).not.toContain(token)
  })

  it('a provider by a code', async () => {
    const { cli, env, lines, server } = await world()
    const child = cli.shellProcess(lines(setUps[1] ?? ''), { env })
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

  it('an issuer in the browser', async () => {
    const { cli, env, lines } = await world()
    const { stdout, stderr, status } = await cli.shell(lines(setUps[2] ?? ''), { env })
    expect({ stdout, stderr, status }).toMatchObject({ stdout: 'you are ada', status: 0 })
    expect(stderr).toMatch(/kept work for api\.work\.example.*: expires in .*, refreshes 5 min before\n/)
  })
})

function codeIn(said: string): string | undefined {
  return /\b[A-Z]{4}-[A-Z]{4}\b/.exec(said)?.[0]
}
