import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { openPublicAuthority, type PublicAuthority } from '../../demo/public-authority.ts'
import { type Account, type Site, startSite } from '../../demo/site.ts'
import { testWith } from '../support/installed.ts'
import { World } from './world.ts'

const host = 'app.example.test'
const account: Account = {
  user: 'ada',
  password: `pw-${randomBytes(9).toString('base64url')}`,
  apiToken: `tok-${randomBytes(18).toString('base64url')}`,
}

let authority: PublicAuthority
let site: Site
let world: World
let url: string

beforeAll(async () => {
  authority = await openPublicAuthority()
  site = await startSite(authority.tls, account)
  url = `https://${host}:${site.port}`
  world = new World({ hosts: [host], caPem: authority.pem })
})

afterAll(async () => {
  await world.close()
  await site.close()
  authority.close()
})

/** Every file below a folder with its bytes. */
function* files(folder: string): Generator<{ path: string; bytes: Buffer }> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    yield { path, bytes: readFileSync(path) }
  }
}

const testWithCurl = testWith('curl')

describe('signing in by a form, once', () => {
  testWithCurl('the login is captured, and curl is not shown the HttpOnly cookie', async () => {
    const login = await world.hallpass([
      'run',
      '--capture',
      '--',
      'curl',
      '-si',
      '-d',
      `user=ada&password=${account.password}`,
      `${url}/login`,
    ])
    expect(login.stderr).not.toContain('error')
    expect(login.status).toBe(0)
    expect(login.stdout).toContain('welcome')
    expect(login.stdout).toMatch(/^hallpass-captured: sid, csrftoken\r$/im)
    expect(site.sessionIds.size).toBe(1)
    for (const sid of site.sessionIds) expect(login.stdout + login.stderr).not.toContain(sid)
    expect(login.stdout).toMatch(/^set-cookie: csrftoken=/im)
  })

  testWithCurl('a new process is answered as Ada', async () => {
    const me = await world.hallpass(['run', '--', 'curl', '-s', `${url}/me`])
    expect(me).toMatchObject({ status: 0, stdout: '{"name":"Ada"}\n' })
  })

  testWithCurl(
    'a rotated session goes on, although curl saw neither the old cookie nor the new one',
    async () => {
      const rotated = await world.hallpass(['run', '--', 'curl', '-si', `${url}/rotate`])
      expect(rotated.stdout).toContain('{"rotated":true}')
      expect(site.sessionIds.size).toBe(2)
      const me = await world.hallpass(['run', '--', 'curl', '-s', `${url}/me`])
      expect(me.stdout).toBe('{"name":"Ada"}\n')
    },
  )

  testWithCurl('without hallpass the same request is refused', async () => {
    const me = await world.shell(`curl -sk --resolve ${host}:${site.port}:127.0.0.1 ${url}/me`)
    expect(me.stdout).toContain('sign in first')
  })

  testWithCurl('another session knows nothing of it', async () => {
    await world.hallpass(['session', 'create', 'other'])
    const me = await world.hallpass([
      '--session',
      'other',
      'run',
      '--capture',
      '--',
      'curl',
      '-s',
      `${url}/me`,
    ])
    expect(me.stdout).toContain('sign in first')
  })

  testWithCurl('explain says what would be attached, and shows no value', async () => {
    const explained = await world.hallpass(['explain', `${url}/me`])
    expect(explained.status).toBe(0)
    expect(explained.stdout).toMatch(/cookies\s+sid( \(.*?\))?, csrftoken/)
    for (const sid of site.sessionIds) expect(explained.stdout).not.toContain(sid)
  })

  testWithCurl('a mirror turns the CSRF cookie into the header the site wants', async () => {
    const refused = await world.hallpass(['run', '--', 'curl', '-s', '-d', 'note', `${url}/notes`])
    expect(refused.stdout).toContain('CSRF')
    const set = await world.hallpass([
      'token',
      'set',
      'csrf',
      '--kind',
      'mirror',
      '--host',
      host,
      '--cookie',
      'csrftoken',
      '--header',
      'x-csrf-token',
    ])
    expect(set).toMatchObject({ status: 0 })
    const saved = await world.hallpass(['run', '--', 'curl', '-s', '-d', 'note', `${url}/notes`])
    expect(saved.stdout).toContain('"saved":"note"')
  })

  testWithCurl(
    'the secrets lie nowhere: not in the state folder, not in the log, not in the environment of the child',
    async () => {
      const stored = await world.hallpass(['token', 'set', 'api', '--kind', 'bearer', '--host', host], {
        stdin: account.apiToken,
      })
      expect(stored.status).toBe(0)
      const api = await world.hallpass(['run', '--', 'curl', '-s', `${url}/api/me`])
      expect(api.stdout).toContain('"by":"bearer"')
      // A tool that was told a value, and asks for it in a path: the log must not keep what it was told.
      const sid = [...site.sessionIds].at(-1) ?? ''
      await world.hallpass([
        'run',
        '--',
        'curl',
        '-s',
        `${url}/${account.apiToken}/${sid}?t=${account.apiToken}`,
      ])
      const environment = await world.hallpass(['run', '--', 'env', '-0'])
      const key = readFileSync(join(world.state, 'config', 'encryption.key'), 'utf8')
      expect(environment.stdout).toContain('HTTPS_PROXY=http://default:')

      const secrets = [...site.sessionIds, account.apiToken]
      const spellings = secrets.flatMap((secret) => [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        Buffer.from(secret).toString('hex'),
      ])
      let seen = 0
      for (const { path, bytes } of files(world.state)) {
        seen++
        for (const spelling of spellings)
          expect(bytes.includes(spelling), `${path} holds a secret`).toBe(false)
        if (!path.endsWith('encryption.key'))
          expect(bytes.includes(keyMaterial(key)), `${path} holds the key`).toBe(false)
      }
      expect(seen).toBeGreaterThan(5)
      for (const spelling of spellings) expect(environment.stdout).not.toContain(spelling)
    },
  )
})

/** The longest Base64 run of the key file: the key itself, or what wraps it. */
function keyMaterial(text: string): string {
  const runs = text.match(/[A-Za-z0-9+/_-]{40,}/g) ?? []
  expect(runs.length).toBeGreaterThan(0)
  return runs.toSorted((a, b) => b.length - a.length)[0] ?? ''
}
