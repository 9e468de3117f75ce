import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { kindNames } from '../../src/credentials/kinds.ts'
import { openLog } from '../../src/log.ts'
import type { Session } from '../../src/sessions/session.ts'
import { onRequest } from '../support/arrived-requests.ts'
import { LeakSearch } from '../support/leaks.ts'
import { scene } from '../support/scene.ts'

const hosts = ['site.test']
const marker = 'm4rker~s3cret+of/the:kind'
const second = 'an0ther~m4rker/of+it'
const basicPair = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64')

/** How a session gets a credential of each kind, and the secrets in it. */
const scenes: Readonly<
  Record<
    string,
    {
      readonly give: (session: Session, kind: string) => Promise<unknown>
      readonly secrets: readonly string[]
    }
  >
> = {
  basic: set({}, `user:${marker}`),
  bearer: set({}, marker),
  header: set({ header: 'Authorization' }, `Token ${marker}`),
  'header with Basic': set({ header: 'Authorization' }, `Basic ${basicPair('user', marker)}`),
  query: set({ param: 'key' }, marker),
  placeholder: set({ placeholder: 'dummy-key' }, marker),
  mirror: {
    give: async (session) => {
      await session.cookies.set('https://site.test/', { name: 'sid', value: encodeURIComponent(marker) })
      await session.credentials.set(
        'x',
        { kind: 'mirror', cookie: 'sid', header: 'x-csrf', hosts },
        undefined,
      )
    },
    secrets: [marker],
  },
  oauth1: set(
    {},
    JSON.stringify({ consumerKey: 'key', consumerSecret: marker, token: second, tokenSecret: `${second}!` }),
    [marker, second],
  ),
  oauth2: set({}, JSON.stringify({ access_token: marker, token_type: 'Bearer' })),
  sigv4: set(
    { region: 'eu-west-1', service: 'sqs' },
    JSON.stringify({ accessKeyId: 'AKID', secretAccessKey: marker, sessionToken: second }),
    [marker, second],
  ),
  'web-storage': {
    give: async (session) => {
      const origin = 'https://site.test'
      const storage = { origin, localStorage: [['auth', marker]] as const, sessionStorage: [], indexedDB: [] }
      await session.importInto(
        { cookies: [], skipped: [], origins: [{ where: origin, storage }] },
        { mode: 'replace' },
      )
      await session.credentials.set('x', { kind: 'web-storage', origin, key: 'auth', hosts }, undefined)
    },
    secrets: [marker],
  },
}

function set(options: object, text: string, secrets: readonly string[] = [marker]) {
  return {
    secrets,
    give: (session: Session, kind: string) => session.credentials.set('x', { kind, hosts, ...options }, text),
  }
}

/** What a tool that knows a secret can write into a path. */
function formsOf(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret)
  const pairs = ['', 'u', 'us', 'use'].map((user) => basicPair(user, secret))
  return [
    secret,
    encoded,
    encoded.replace(/%../g, (hex) => hex.toLowerCase()),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    ...pairs,
    ...pairs.map(encodeURIComponent),
  ]
}

it('has a scene of every kind', () =>
  expect([...new Set(Object.keys(scenes).map(kindOfScene))].sort()).toEqual([...kindNames].sort()))

function kindOfScene(name: string): string {
  return name.split(' ', 1)[0] ?? ''
}

it.each(Object.entries(scenes))('writes no secret of %s into its log', async (name, { give, secrets }) => {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-logged-'))
  const log = openLog({ folder })
  try {
    const arrived: string[] = []
    await using s = await scene(
      (socket) =>
        onRequest(socket, ({ head }) => {
          arrived.push(head)
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        }),
      { log },
    )
    await s.proxy.session.credentials.remove('api')
    await give(s.proxy.session, kindOfScene(name))
    const client = await s.proxy.secure('site.test')
    const forms = secrets.flatMap(formsOf)
    for (const form of forms) {
      client.send(`GET /${form}?${form}=1&x=dummy-key HTTP/1.1\r\nHost: site.test\r\n\r\n`)
      expect((await client.response()).status).toBe(200)
    }
    expect(arrived).toHaveLength(forms.length)
    await log.close()
    const search = new LeakSearch(Object.fromEntries(secrets.map((secret, at) => [`secret ${at}`, secret])))
    expect(search.folder(folder).leaks).toEqual([])
    expect(search.searched).toBeGreaterThan(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
