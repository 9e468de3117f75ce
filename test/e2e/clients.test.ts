import { randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { openPublicAuthority, type PublicAuthority } from '../../demo/public-authority.ts'
import { type Account, type Site, startSite } from '../../demo/site.ts'
import { isInstalled, testWith } from '../support/installed.ts'
import { type GitHost, startGitHost } from './git-host.ts'
import { type Ended, World } from './world.ts'

const apiHost = 'api.example.test'
const gitHost = 'git.example.test'
const strangerHost = 'stranger.other.test'
const account: Account = {
  user: 'ada',
  password: `pw-${randomBytes(9).toString('base64url')}`,
  apiToken: `tok-${randomBytes(18).toString('base64url')}`,
}

let authority: PublicAuthority
let site: Site
/** Not there without git, which serves it: then its tests are skipped. */
let code: GitHost | undefined
let stranger: ReturnType<typeof createServer>
let world: World
let api: string
let repository: string
let strangerUrl: string

beforeAll(async () => {
  authority = await openPublicAuthority()
  site = await startSite(authority.tls, account)
  if (isInstalled('git'))
    code = await startGitHost(authority.tls, { user: account.user, password: account.password })
  stranger = createServer(authority.tls, (_request, response) => response.end('hello, stranger\n'))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  world = new World({ hosts: [apiHost, gitHost, strangerHost], caPem: authority.pem })
  api = `https://${apiHost}:${site.port}/api/me`
  repository = `https://${gitHost}:${code?.port}/project.git`
  strangerUrl = `https://${strangerHost}:${(stranger.address() as AddressInfo).port}/`
  const token = await world.hallpass(['token', 'set', 'api', '--kind', 'bearer', '--host', apiHost], {
    stdin: account.apiToken,
  })
  const basic = await world.hallpass(['token', 'set', 'git', '--kind', 'basic', '--host', gitHost], {
    stdin: `${account.user}:${account.password}`,
  })
  expect([token.status, basic.status]).toEqual([0, 0])
})

afterAll(async () => {
  await world.close()
  await site.close()
  await code?.close()
  stranger.close()
  stranger.closeAllConnections()
  authority.close()
})

const signedIn = '{"name":"Ada","by":"bearer"}'

/** Each client as a user types it: no flag of its own for the proxy, the certificate or the login. */
const clients: readonly {
  name: string
  needs: readonly [command: string, ...probe: string[]]
  script: () => string
  answer: string
}[] = [
  { name: 'curl', needs: ['curl'], script: () => `curl -sS ${api}`, answer: signedIn },
  { name: 'wget', needs: ['wget'], script: () => `wget -qO- ${api}`, answer: signedIn },
  {
    name: 'git clone over HTTPS with Basic',
    needs: ['git'],
    script: () =>
      `d=$(mktemp -d) && git clone -q ${repository} "$d/project" && cat "$d/project/hello.txt"; rm -r "$d"`,
    answer: 'hello from a private repository',
  },
  {
    name: 'Python urllib',
    needs: ['python3'],
    script: () => `python3 -c 'import urllib.request as r; print(r.urlopen("${api}").read().decode())'`,
    answer: signedIn,
  },
  {
    name: 'Python requests',
    needs: ['python3', '-c', 'import requests'],
    script: () => `python3 -c 'import requests; print(requests.get("${api}").text)'`,
    answer: signedIn,
  },
  {
    name: 'Node fetch',
    needs: [process.execPath],
    script: () => `${process.execPath} -e 'fetch("${api}").then(r => r.text()).then(console.log)'`,
    answer: signedIn,
  },
]

describe('started by run', () => {
  for (const client of clients) {
    testWith(...client.needs)(`${client.name} is signed in`, async () => {
      const ended = await world.hallpass(['run', '--', 'bash', '-c', client.script()])
      expect(answerOf(ended)).toEqual({ status: 0, answer: client.answer, stderr: '' })
    })
  }

  testWith('curl')('a host nobody asked about shows its own certificate, byte for byte', async () => {
    await expectOwnCertificate((script) => world.hallpass(['run', '--', 'bash', '-c', script]))
  })
})

describe('with eval "$(hallpass env)" and a proxy in the background', () => {
  beforeAll(async () => {
    const started = await world.hallpass(['start', '--background'])
    expect(started).toMatchObject({ status: 0 })
    expect(started.stdout).toMatch(/^eval "\$\(.*hallpass(?:\.cjs)? env\)"$/m)
  })

  const inShell = (script: string) => world.shell(`eval "$($HALLPASS env)" && ${script}`)

  for (const client of clients) {
    testWith(...client.needs)(`${client.name} is signed in`, async () => {
      expect(answerOf(await inShell(client.script()))).toEqual({
        status: 0,
        answer: client.answer,
        stderr: '',
      })
    })
  }

  testWith('curl')('a host nobody asked about shows its own certificate, byte for byte', async () => {
    await expectOwnCertificate(inShell)
  })

  testWith('curl')(
    'a shell has to evaluate env again after a restart of the proxy on the same port',
    async () => {
      const status = await world.hallpass(['status', '--json'])
      const { host, port } = JSON.parse(status.stdout) as { host: string; port: number }
      const variables = await world.hallpass(['env', '--format', 'json'])
      expect((await world.hallpass(['stop'])).status).toBe(0)
      expect((await world.hallpass(['start', '--background', '--listen', `${host}:${port}`])).status).toBe(0)
      const { set } = JSON.parse(variables.stdout) as { set: Record<string, string> }
      const stale = await world.shell('curl -s http://hallpass.internal/', { env: set })
      expect(stale.stdout).toMatch(/^eval "\$\(.*hallpass(?:\.cjs)? env\)"$/m)
      expect(await world.shell(`curl -sS ${api}`, { env: set })).toMatchObject({ status: 56, stdout: '' })
      const again = await world.shell(`eval "$($HALLPASS env)" && curl -sS ${api}`, { env: set })
      expect(answerOf(again)).toEqual({ status: 0, answer: signedIn, stderr: '' })
    },
  )
})

function answerOf(ended: Ended): { status: number | null; answer: string; stderr: string } {
  return { status: ended.status, answer: ended.stdout.trim(), stderr: ended.stderr }
}

/** What curl was shown through the proxy against what the origin shows to whoever comes directly. */
async function expectOwnCertificate(shell: (script: string) => Promise<Ended>): Promise<void> {
  const shown = await shell(`curl -sk -o /dev/null -w '%{certs}' ${strangerUrl}`)
  const [first] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(shown.stdout) ?? []
  const own = await certificateOf(strangerUrl)
  expect(Buffer.from((first ?? '').replace(/-----[^-]+-----/g, ''), 'base64').equals(own)).toBe(true)
}

function certificateOf(url: string): Promise<Buffer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: Number(port), servername: hostname, ca: authority.pem },
      () => {
        resolve(socket.getPeerCertificate().raw)
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
}
