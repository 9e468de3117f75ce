import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
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

async function run(heading: string) {
  const { hallpass, env } = await signedInProgram({ 'app.example.com': await app() })
  await hallpass.saveCookies('https://app.example.com/', ['sid=cookie-canary; Secure; HttpOnly'])
  const { upstreamCa, resolve } = hallpass.config
  const settings = { upstreamCa, resolve: Object.fromEntries(resolve) }
  mkdirSync(join(hallpass.home.root, 'config'), { recursive: true })
  writeFileSync(hallpass.home.config, JSON.stringify(settings), { mode: 0o600 })
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const code = /^```ts\n(.*?)^```/ms.exec(section)?.[1] ?? ''
  // Below the package, so that `hallpass` means it.
  const folder = mkdtempSync(join(import.meta.dirname, 'program-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'program.ts'), code)
  const child = spawn(process.execPath, [join(folder, 'program.ts')], {
    env: { ...env, PATH: process.env.PATH },
    stdio: 'pipe',
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += String(chunk)
    })
  const [status] = await once(child, 'close')
  return { status, printed, cookies: await hallpass.cookieHeader('https://app.example.com/') }
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
