import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPublicAuthority, type PublicAuthority } from '../../demo/public-authority.ts'
import { isInstalled, needs, testWith } from '../support/installed.ts'
import { type GitHost, startGitHost } from './git-host.ts'
import { repository, World } from './world.ts'

const document = readFileSync(join(repository, 'certs', 'README.md'), 'utf8')

/** The blocks of commands under each `###` heading. */
const recipes = new Map(
  document.split(/^### /m).map((section) => {
    const [own = ''] = section.split(/^## /m)
    const [heading = ''] = own.split('\n')
    return [heading, [...own.matchAll(/^```\n(.*?)^```/gms)].map(([, lines = '']) => lines)] as const
  }),
)

const token = 'static-7d41f0c2'
const answer = 'you are ada'
let authority: PublicAuthority
let app: Server
let code: GitHost | undefined
let world: World
let port: number

beforeAll(async () => {
  authority = await openPublicAuthority()
  app = createServer(authority.tls, ({ headers }, response) => {
    response.end(headers.authorization === `Bearer ${token}` ? answer : 'who are you?')
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  if (isInstalled('git')) code = await startGitHost(authority.tls, { user: 'ada', password: token })
  const hosts = { 'app.example.com': (app.address() as AddressInfo).port, 'git.example.com': code?.port ?? 0 }
  const resolve = Object.entries(hosts).map(([host, at]) => `${host}: "127.0.0.1:${at}"`)
  world = new World({ caPem: authority.pem, config: `resolve: { ${resolve.join(', ')} }` })
  const api = ['token', 'set', 'api', '--kind', 'bearer', '--host', 'app.example.com']
  const git = ['token', 'set', 'git', '--kind', 'basic', '--host', 'git.example.com']
  expect(await world.hallpass(api, { stdin: token })).toMatchObject({ status: 0 })
  expect(await world.hallpass(git, { stdin: `ada:${token}` })).toMatchObject({ status: 0 })
  expect(await world.hallpass(['start', '--background', '--no-auth'])).toMatchObject({ status: 0 })
  port = JSON.parse((await world.hallpass(['status', '--json'])).stdout).port
})

afterAll(async () => {
  await world.close()
  app.close()
  app.closeAllConnections()
  await code?.close()
  authority.close()
})

/** Types a recipe into a shell that knows the proxy and does not trust it. */
function follow(heading: string, block = 0, env: NodeJS.ProcessEnv = {}) {
  const recipe = recipes.get(heading)?.[block] ?? `echo no recipe ${heading}; exit 1`
  const proxy = `http://127.0.0.1:${port}`
  const names = `
hallpass() { $HALLPASS "$@"; }
node() { "$NODE" "$@"; }
chromium() { command chromium --headless --no-sandbox --disable-gpu --dump-dom "$@"; }
`
  return world.shell(`set -e -o pipefail\n${names}${recipe.replaceAll('8787', `${port}`)}`, {
    env: { HTTPS_PROXY: proxy, https_proxy: proxy, NODE: process.execPath, ...env },
  })
}

/** A program in Java that trusts what the command line says. */
const javaProgram = `
import java.net.*;
class Get {
  public static void main(String[] args) throws Exception {
    System.out.write(new URL(args[0]).openStream().readAllBytes());
    System.out.flush();
  }
}`

testWith('curl')('curl refuses the proxy without a recipe', async () => {
  const curl = await world.shell(`HTTPS_PROXY=http://127.0.0.1:${port} curl -sS https://app.example.com/`)
  expect(curl.stderr).toContain('SSL certificate problem')
})

const answering: readonly (readonly [heading: string, ...needs: [command: string, ...probe: string[]]])[] = [
  ['curl', 'curl'],
  ['wget', 'wget'],
  ['Node', process.execPath],
  ['Python', 'python3', '-c', 'import requests'],
  ['PHP', 'php', '-r', 'exit(extension_loaded("curl") ? 0 : 1);'],
]
for (const [heading, ...needs] of answering) {
  testWith(...needs)(heading, async () => {
    expect(await follow(heading)).toMatchObject({ status: 0, stdout: expect.stringContaining(answer) })
  })
}

testWith('git')('git', async () => {
  expect(await follow('git')).toMatchObject({ status: 0 })
  expect(existsSync(join(world.home, 'project', 'hello.txt'))).toBe(true)
})

test('Java', async (context) => {
  needs(context, 'javac', '-version')
  const java = spawnSync('sh', ['-c', 'readlink -f "$(command -v javac)"'], {
    encoding: 'utf8',
  }).stdout.trim()
  writeFileSync(join(world.home, 'Get.java'), javaProgram)
  const followed = await follow('Java', 0, { JAVA_HOME: dirname(dirname(java)) })
  expect(followed, followed.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining(answer) })
})

testWith('chromium')('Chromium', async () => {
  const followed = await follow('Chromium')
  expect(followed, followed.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining(answer) })
})

testWith(
  'sh',
  '-c',
  'command -v certutil',
)('Firefox', async () => {
  const profile = join(world.home, 'profile')
  mkdirSync(profile)
  spawnSync('certutil', ['-N', '-d', `sql:${profile}`, '--empty-password'])
  expect(await follow('Firefox', 0, { PROFILE: profile })).toMatchObject({ status: 0 })
  expect(listedIn(profile)).toContain('hallpass')
})

testWith(
  'sh',
  '-c',
  'command -v certutil',
)('Chromium of this user', async () => {
  const heading = 'Chromium of this user'
  const [, database = 'exit 1'] = /`(mkdir [^`]*)`/.exec(document) ?? []
  expect(await world.shell(database)).toMatchObject({ status: 0 })
  const folder = join(world.home, '.pki', 'nssdb')
  expect(await follow(heading, 0)).toMatchObject({ status: 0 })
  expect(listedIn(folder)).toContain('hallpass')
  expect(await follow(heading, 1)).toMatchObject({ status: 0 })
  expect(listedIn(folder)).not.toContain('hallpass')
})

test('Debian, Ubuntu', async (context) => {
  // As root, for a copy of the folders that it changes.
  needs(context, 'unshare', '--mount', 'sh', '-c', 'command -v update-ca-certificates && command -v curl')
  // In a mount namespace of its own: the machine keeps its trust.
  const copies = join(world.home, 'etc-ssl-certs')
  const ask = 'curl -s https://app.example.com/ || echo refused'
  const [add = 'exit 1', remove = 'exit 1'] = recipes.get('Debian, Ubuntu') ?? []
  const inside = join(world.home, 'inside.sh')
  writeFileSync(
    inside,
    `set -e
hallpass() { $HALLPASS "$@"; }
sudo() { "$@"; }
mount -t tmpfs tmpfs /usr/local/share/ca-certificates
cp -a /etc/ssl/certs ${copies}
mount --bind ${copies} /etc/ssl/certs
${ask}
${add}
${ask}
${remove}
${ask}
`,
  )
  const env = { HTTPS_PROXY: `http://127.0.0.1:${port}` }
  const { stdout, stderr, status } = await world.shell(`unshare --mount bash ${inside}`, { env })
  expect({ stderr, status }).toMatchObject({ status: 0 })
  expect(stdout.match(/refused|you are ada/g)).toEqual(['refused', answer, 'refused'])
})

function listedIn(folder: string): string {
  return spawnSync('certutil', ['-L', '-d', `sql:${folder}`], { encoding: 'utf8' }).stdout
}
