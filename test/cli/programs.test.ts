import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { ProxyAgent, request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { quietChromium } from '../browser/browsers.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin, type TestOrigin } from '../support/origin.ts'
import { signedInProgram } from '../support/signed-in-program.ts'

/** The programs of docs/programs.md, as printed, against the built package. */
const page = readFileSync(join(import.meta.dirname, '../../docs/programs.md'), 'utf8')

/** An origin for app.example.com that knows its user by the cookie, and sets another. */
async function app(): Promise<TestOrigin> {
  const origin = await httpOrigin(
    (request, response) => {
      const user = /sid=cookie-canary/.test(request.headers.cookie ?? '') ? 'ada' : 'a stranger'
      response.setHeader('Set-Cookie', 'seen=1; Secure; HttpOnly')
      response.end(`hello, ${user}\n`)
    },
    { hosts: ['app.example.com'] },
  )
  onTestFinished(() => origin[Symbol.asyncDispose]())
  return origin
}

interface Program {
  readonly child: ChildProcess
  readonly folder: string
  /** All that it has printed. */
  printed: string
  /** The session's cookies for app.example.com. */
  readonly cookies: () => Promise<string>
}

async function begin(
  heading: string,
  change: (code: string, origin: TestOrigin) => string = (code) => code,
): Promise<Program> {
  const origin = await app()
  const { hallpass, env } = await signedInProgram({ 'app.example.com': origin })
  await hallpass.saveCookies('https://app.example.com/', ['sid=cookie-canary; Secure; HttpOnly'])
  const { upstreamCa, resolve } = hallpass.config
  const settings = { upstreamCa, resolve: Object.fromEntries(resolve) }
  mkdirSync(join(hallpass.home.root, 'config'), { recursive: true })
  writeFileSync(hallpass.home.config, JSON.stringify(settings), { mode: 0o600 })
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const code = /^```ts\n(.*?)^```/ms.exec(section)?.[1] ?? ''
  // Below the package, so that `hallpass` means it.
  const folder = mkdtempSync(join(import.meta.dirname, 'program-'))
  writeFileSync(join(folder, 'program.ts'), change(code, origin))
  const child = spawn(process.execPath, [join(folder, 'program.ts')], {
    cwd: folder,
    env: { ...env, PATH: process.env.PATH },
    stdio: 'pipe',
  })
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill()) await once(child, 'close')
    rmSync(folder, { recursive: true, force: true })
  })
  const program: Program = {
    child,
    folder,
    printed: '',
    cookies: () => hallpass.cookieHeader('https://app.example.com/'),
  }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      program.printed += String(chunk)
    })
  return program
}

async function run(heading: string) {
  const program = await begin(heading)
  const [status] = await once(program.child, 'close')
  return { status, printed: program.printed, cookies: await program.cookies() }
}

test('fetch', async () => {
  expect(await run('fetch')).toEqual({
    status: 0,
    printed: '200 seen hello, ada\n\n',
    cookies: 'sid=cookie-canary; seen=1',
  })
})

test('undici', async () => {
  expect(await run('undici')).toEqual({
    status: 0,
    printed: '200 hello, ada\n\n',
    cookies: 'sid=cookie-canary; seen=1',
  })
})

test('http-mitm-proxy', async () => {
  const port = await freePort()
  const { folder, cookies } = await begin('http-mitm-proxy', (code) => code.replace('8081', String(port)))
  const pem = join(folder, '.http-mitm-proxy', 'certs', 'ca.pem')
  await expect.poll(() => existsSync(pem) && accepts(port)).toBe(true)
  const dispatcher = new ProxyAgent({
    uri: `http://127.0.0.1:${port}`,
    requestTls: { ca: readFileSync(pem, 'utf8') },
  })
  onTestFinished(() => dispatcher.destroy())
  const { body } = await request('https://app.example.com/me', { dispatcher })
  expect(await body.text()).toBe('hello, ada\n')
  expect(await cookies()).toBe('sid=cookie-canary; seen=1')
})

testWith('chromium')('Playwright', async () => {
  const { child, ...program } = await begin('Playwright', (code, origin) => {
    const args = [
      ...quietChromium,
      `--host-resolver-rules=MAP app.example.com 127.0.0.1:${origin.port}`,
      // Its own check of certificates is not of interest here.
      '--ignore-certificate-errors',
    ]
    const options = JSON.stringify({ executablePath: '/usr/bin/chromium', args })
    return code.replace('chromium.launch()', `chromium.launch(${options})`)
  })
  expect(await once(child, 'close')).toEqual([0, null])
  expect(await program.cookies()).toBe('sid=cookie-canary; seen=1')
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return accepted
}
