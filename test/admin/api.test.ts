import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runningApi } from './stage.ts'

const canary = 'canary-7f3a91'
const storagePath = '/sessions/work/storage/https%3A%2F%2Fapp.example.com'
const cookie = { name: 'sid', value: canary, domain: 'app.example.com', secure: true }
const bearer = { kind: 'bearer', hosts: ['api.example.com'], value: canary }

async function filled() {
  const stage = await runningApi()
  const { ask } = stage
  expect(await ask('POST', '/sessions', { name: 'work' })).toMatchObject({ status: 201 })
  expect(await ask('POST', '/sessions/work/cookies', cookie)).toMatchObject({ status: 201 })
  expect(await ask('PUT', '/sessions/work/credentials/api', bearer)).toMatchObject({ status: 200 })
  const stored = { local_storage: [{ key: 'token', value: canary }] }
  expect(await ask('PUT', storagePath, stored)).toMatchObject({ status: 200 })
  return stage
}

describe('POST /sessions', () => {
  test('creates a session with its documented fields, and returns the same one for the same name', async () => {
    const { ask, home } = await runningApi()
    const made = await ask('POST', '/sessions', { name: 'work', ttl_seconds: 3600 })
    expect(made).toMatchObject({
      status: 201,
      body: {
        schema: 'hallpass.session-create/1',
        session_id: 'work',
        proxy_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        user_data_dir: join(home.browser, 'work'),
        created_at: expect.any(String),
        expires_at: expect.any(String),
      },
    })
    expect(made.headers.get('location')).toBe('/sessions/work')
    expect(await ask('POST', '/sessions', { name: 'work', ttl_seconds: 60 })).toMatchObject({
      status: 200,
      body: made.body,
    })
  })

  test('makes one session of many that are asked for at once', async () => {
    const { ask } = await runningApi()
    const made = await Promise.all([...Array(20)].map(() => ask('POST', '/sessions', { name: 'work' })))
    expect(made.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1)
    expect(new Set(made.map(({ body }) => body.created_at)).size).toBe(1)
  })

  test('gives a session without a name a random one', async () => {
    const { ask } = await runningApi()
    const { status, body } = await ask('POST', '/sessions', {})
    expect(status).toBe(201)
    expect(body.name).toMatch(/^sess_[\da-f]{32}$/)
  })

  test.each([
    ['a field that there is not', { name: 'a', colour: 'red' }, /colour/],
    ['a name with a separator', { name: '../a' }, /cannot be the name/],
    ['a name that is a number', { name: 1 }, /body\.name/],
    ['a life of 0', { ttl_seconds: 0 }, /ttl_seconds/],
    ['a negative life', { ttl_seconds: -1 }, /ttl_seconds/],
    ['a huge life', { ttl_seconds: 1e300 }, /ttl_seconds/],
    ['a life that is text', { ttl_seconds: '60' }, /ttl_seconds/],
    ['a list', [], /body/],
    ['no JSON', '{', /JSON/],
    ['a name that begins as a random one', { name: 'sess_mine' }, /temporary/],
    ['a user agent of two lines', { user_agent: 'a\r\nb: c' }, /user agent/],
    ['a viewport of nothing', { viewport: { width: 0, height: 1 } }, /viewport/],
    ['fields with the name of a prototype', '{"metadata":{"__proto__":1}}', /__proto__/],
  ])('refuses %s, and makes nothing', async (_, body, detail) => {
    const { ask, hallpass } = await runningApi()
    const answer = await ask('POST', '/sessions', body)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400 })
    expect(answer.body.detail).toMatch(detail)
    expect((await hallpass.sessions.list()).map(({ name }) => name)).toEqual(['default'])
  })

  test('refuses a body that is not said to be JSON', async () => {
    const { app } = await runningApi()
    const answer = await app.request('/sessions', { method: 'POST', body: '{"name":"work"}' })
    expect(answer.status).toBe(415)
    expect(await answer.json()).toMatchObject({ code: 'usage' })
  })
})

describe('GET /sessions', () => {
  test('pages by name, and filters', async () => {
    const { ask, hallpass } = await runningApi()
    for (const name of ['a', 'b', 'c']) await hallpass.sessions.create({ name })
    await hallpass.sessions.create()
    await ask('POST', '/sessions/b/cookies', cookie)
    const first = await ask('GET', '/sessions?limit=2')
    expect(first.body).toMatchObject({ sessions: [{ name: 'a' }, { name: 'b', sites: 1 }], next: 'b' })
    const second = await ask('GET', '/sessions?limit=2&after=b')
    expect(second.body).toMatchObject({ sessions: [{ name: 'c' }, { name: 'default' }], next: 'default' })
    const named = async (query: string) => {
      const { body } = await ask('GET', `/sessions?${query}`)
      return body.sessions.map(({ name }: { name: string }) => name.slice(0, 5))
    }
    expect(await named('temporary=true')).toEqual(['sess_'])
    expect(await named('temporary=false')).toEqual(['a', 'b', 'c', 'defau'])
    expect(await named('site=www.example.com')).toEqual(['b'])
    expect(await named('prefix=de')).toEqual(['defau'])
    expect(await ask('GET', '/sessions?limit=0')).toMatchObject({ status: 400 })
    expect(await ask('GET', '/sessions?colour=red')).toMatchObject({ status: 400 })
  })
})

describe('a session', () => {
  test('that is missing is a 404 with a code and a command', async () => {
    const { ask } = await runningApi()
    for (const path of ['/sessions/gone', '/sessions/gone/cookies/a.test', '/sessions/gone/credentials/a']) {
      expect(await ask('GET', path)).toMatchObject({
        status: 404,
        body: { code: 'session-missing', hint: 'hallpass session list' },
      })
    }
  })

  test('lives longer when that is asked for, and goes with a sweep when it has expired', async () => {
    const { ask, hallpass } = await runningApi()
    const made = await ask('POST', '/sessions', { name: 'work', ttl_seconds: 3600, renew: false })
    expect(made.body).toMatchObject({ ttl_seconds: 3600, renew: false })
    const longer = await ask('POST', '/sessions/work/extend', { additional_seconds: 60 })
    expect(Date.parse(longer.body.expires_at) - Date.parse(made.body.expires_at)).toBe(60_000)
    for (const additional_seconds of [0, -1, 1.5, 1e12, '60', null]) {
      const { status } = await ask('POST', '/sessions/work/extend', { additional_seconds })
      expect(status).toBe(400)
    }
    expect(await ask('POST', '/sessions/work/touch')).toMatchObject({
      status: 200,
      body: { schema: 'hallpass.session-touch/1', last_used_at: expect.any(String) },
    })
    await hallpass.sessions.create({ name: 'short', ttlSeconds: 1 })
    await expect
      .poll(async () => (await ask('POST', '/sessions/cleanup')).body, { timeout: 60_000 })
      .toMatchObject({ schema: 'hallpass.session-prune/1', removed: [{ name: 'short' }] })
    expect(await ask('GET', '/sessions/short')).toMatchObject({ status: 404 })
    expect((await ask('GET', '/sessions/stats')).body).toMatchObject({ expired_sessions_cleaned: 1 })
  })

  test('is counted, with its age and its size', async () => {
    const { ask } = await filled()
    const { body } = await ask('GET', '/sessions/stats')
    expect(body).toEqual({
      schema: 'hallpass.session-stats/1',
      total_sessions: 2,
      expired_sessions_cleaned: 0,
      total_disk_usage_bytes: expect.any(Number),
      avg_session_age_seconds: expect.any(Number),
      sessions_created_last_hour: 2,
    })
    await ask('DELETE', '/sessions/work')
    const after = await ask('GET', '/sessions/stats')
    expect(after.body).toMatchObject({ total_sessions: 1 })
    expect(after.body.total_disk_usage_bytes).toBeLessThan(body.total_disk_usage_bytes)
  })

  test('is removed with everything in it', async () => {
    const { ask } = await filled()
    expect(await ask('DELETE', '/sessions/work')).toMatchObject({
      status: 200,
      body: { schema: 'hallpass.session-rm/1', name: 'work', emptied: false, sites: 1, credentials: 1 },
    })
    expect(await ask('GET', '/sessions/work')).toMatchObject({ status: 404 })
  })
})

describe('cookies', () => {
  test('go to the hosts of the domain, or to the host alone', async () => {
    const { ask } = await filled()
    const given = { ...cookie, name: 'own', host_only: true, expires_in_seconds: 60, same_site: 'lax' }
    expect(await ask('POST', '/sessions/work/cookies', given)).toMatchObject({ status: 201 })
    const { body } = await ask('GET', '/sessions/work/cookies/example.com')
    expect(body.cookies).toMatchObject([
      { name: 'own', host_only: true, same_site: 'lax', expires: expect.any(String) },
      { name: 'sid', host_only: false, domain: 'app.example.com', expires: null },
    ])
    expect((await ask('GET', '/sessions/work/cookies/example.com?name=own')).body.cookies).toHaveLength(1)
  })

  test('of many, one refused: none is set', async () => {
    const { ask } = await filled()
    const cookies = [
      { ...cookie, name: 'good' },
      { ...cookie, name: '__Host-bad' },
    ]
    expect(await ask('POST', '/sessions/work/cookies', { cookies })).toMatchObject({
      status: 400,
      body: { code: 'cookie-refused' },
    })
    expect((await ask('GET', '/sessions/work/cookies/example.com')).body.cookies).toHaveLength(1)
  })

  test('are removed by site and name, and all of them only when that is said', async () => {
    const { ask } = await filled()
    expect(await ask('DELETE', '/sessions/work/cookies')).toMatchObject({ status: 400 })
    expect((await ask('DELETE', '/sessions/work/cookies?site=example.com&name=x')).body.removed).toBe(0)
    expect((await ask('DELETE', '/sessions/work/cookies?site=example.com&name=sid')).body.removed).toBe(1)
    expect((await ask('DELETE', '/sessions/work/cookies?all=true')).body.removed).toBe(0)
  })
})

describe('credentials', () => {
  test('take options in snake_case, and none that runs a command or reads a file', async () => {
    const { ask } = await filled()
    const path = '/sessions/work/credentials/other'
    const basic = { kind: 'oauth2', hosts: ['a.test'], client_id: 'c', token_endpoint: 'https://a.test/t' }
    expect(await ask('PUT', path, { ...basic, value: '{"access_token":"t"}' })).toMatchObject({
      status: 200,
      body: { schema: 'hallpass.token/1', kind: 'oauth2' },
    })
    for (const wrong of [
      { clientId: 'c' },
      { from_command: 'id' },
      { token_file: '/etc/passwd' },
      { fromCommand: 'id' },
      { colour: 'red' },
    ]) {
      expect(await ask('PUT', path, { ...basic, ...wrong })).toMatchObject({ status: 400 })
    }
  })

  test.each([
    ['from_command', 'id'],
    ['from_env', 'HOME'],
    ['from_file', '/etc/passwd'],
  ])('take no %s, through which a client of the API would act or read as the user', async (option, value) => {
    const { ask } = await filled()
    const body = { kind: 'bearer', hosts: ['a.test'], [option]: value }
    expect(await ask('PUT', '/sessions/work/credentials/other', body)).toMatchObject({
      status: 400,
      body: { detail: `${option} cannot be set through the API` },
    })
  })

  test('are written only as they were seen', async () => {
    const { ask } = await filled()
    const path = '/sessions/work/credentials/api'
    const seen = (await ask('GET', path)).headers.get('etag') ?? ''
    const written = await ask('PUT', path, { value: 'second' }, { 'if-match': seen })
    expect(written.status).toBe(200)
    expect(written.headers.get('etag')).not.toBe(seen)
    const late = { status: 412, body: { code: 'changed-meanwhile' } }
    expect(await ask('PUT', path, { value: 'third' }, { 'if-match': seen })).toMatchObject(late)
    expect(await ask('DELETE', path, undefined, { 'if-match': seen })).toMatchObject(late)
    expect(await ask('PUT', path, { value: 'third' }, { 'if-none-match': '*' })).toMatchObject(late)
    expect((await ask('GET', `${path}?reveal=true`)).body.value).toBe('second')
  })

  test('of twenty writers that saw the same, one wins', async () => {
    const { ask } = await filled()
    const path = '/sessions/work/credentials/api'
    const seen = (await ask('GET', path)).headers.get('etag') ?? ''
    const writers = [...Array(20)].map((_, n) =>
      ask('PUT', path, { value: `writer-${n}` }, { 'if-match': seen }),
    )
    const all = await Promise.all(writers)
    const statuses = all.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 412)).toHaveLength(19)
  })

  test('that cannot be refreshed say why', async () => {
    const { ask } = await filled()
    expect(await ask('POST', '/sessions/work/credentials/api/refresh')).toMatchObject({
      status: 400,
      body: { code: 'usage', detail: expect.stringContaining('never refreshed') },
    })
  })
})

describe('web storage', () => {
  test('is replaced as a whole, only as it was seen, and keeps odd keys', async () => {
    const { ask } = await filled()
    const seen = (await ask('GET', storagePath)).headers.get('etag') ?? ''
    const odd = { session_storage: [{ key: '__proto__', value: 'x' }] }
    expect(await ask('PUT', storagePath, odd, { 'if-match': seen })).toMatchObject({ status: 200 })
    expect((await ask('GET', `${storagePath}?reveal=true`)).body.storage).toMatchObject([
      { local_storage: [], session_storage: [{ key: '__proto__', value: 'x' }] },
    ])
    expect(await ask('PUT', storagePath, {}, { 'if-match': seen })).toMatchObject({ status: 412 })
    expect(await ask('DELETE', storagePath)).toMatchObject({ status: 200, body: { removed: 1 } })
    expect(await ask('GET', storagePath)).toMatchObject({ status: 404, body: { code: 'storage-missing' } })
  })

  test.each(['null', 'file%3A%2F%2F%2Fetc%2Fpasswd', '..%2F..%2Fx', 'https%3A%2F%2Fa.test%40evil.test'])(
    'of %s is refused',
    async (origin) => {
      const { ask } = await filled()
      expect(await ask('GET', `/sessions/work/storage/${origin}`)).toMatchObject({ status: 400 })
    },
  )
})

describe('import and export', () => {
  test('bring a file in and out again, and a bundle under its passphrase', async () => {
    const { ask, app } = await filled()
    const jar = await ask('GET', '/sessions/work/export?format=netscape&reveal=true')
    expect(jar.text).toContain(canary)
    const bundle = await ask('GET', '/sessions/work/export?format=bundle', undefined, {
      'hallpass-passphrase': 'gr%C3%BCn',
    })
    expect(bundle.status).toBe(200)
    await ask('POST', '/sessions', { name: 'other' })
    const bring = async (body: string, query = '', headers = {}) =>
      (await app.request(`/sessions/other/import${query}`, { method: 'POST', body, headers })).json()
    expect(await bring(jar.text, '?dry_run=true')).toMatchObject({ imported: 1, dry_run: true })
    expect(await bring(jar.text)).toMatchObject({ schema: 'hallpass.import/1', imported: 1, added: 1 })
    expect(await bring(bundle.text)).toMatchObject({ code: 'usage' })
    const key = { 'hallpass-passphrase': 'gr%C3%BCn' }
    expect(await bring(bundle.text, '', key)).toMatchObject({ detail: /credentials=true/ })
    expect(await bring(bundle.text, '?credentials=true', key)).toMatchObject({ credentials: ['api'] })
    expect(await bring('no cookies at all')).toMatchObject({ code: 'format-invalid' })
  })
})

describe('values', () => {
  test('leave only where they are asked for, and the log has the fact and not the value', async () => {
    const { ask, home, log } = await filled()
    const reads = [
      '/sessions',
      '/sessions/work',
      '/sessions/work/cookies/example.com',
      '/sessions/work/credentials/api',
      storagePath,
      '/sessions/work/export?format=netscape',
      '/explain?session=work&url=https%3A%2F%2Fapp.example.com%2F',
      '/status',
      '/sessions/work/access',
      '/openapi.json',
    ]
    for (const path of reads) expect((await ask('GET', path)).text, path).not.toContain(canary)
    const refused = [
      await ask('POST', '/sessions/work/cookies', { ...cookie, name: '__Host-x' }),
      await ask('POST', '/sessions/work/cookies', { ...cookie, expires_in_seconds: canary }),
      await ask('POST', '/sessions/work/cookies', { ...cookie, value: { canary } }),
      await ask('POST', '/sessions/work/cookies', `{"value":"${canary}`),
      await ask('PUT', '/sessions/work/credentials/two', {
        kind: 'sigv4',
        hosts: ['a.test'],
        value: canary,
      }),
      await ask('PUT', storagePath, { indexed_db: [{ key: 'a', value: canary }] }),
      await ask('POST', '/sessions/work/import', canary, { 'content-type': 'text/plain' }),
    ]
    for (const [index, { status, text }] of refused.entries()) {
      expect({ status, index }).toEqual({ status: 400, index })
      expect(text).not.toContain(canary)
    }
    const values = [
      '/sessions/work/cookies/example.com?reveal=true',
      '/sessions/work/credentials/api?reveal=true',
      `${storagePath}?reveal=true`,
      '/sessions/work/export?format=netscape&reveal=true',
    ]
    for (const path of values) expect((await ask('GET', path)).text, path).toContain(canary)
    await log.close()
    const folder = join(home.root, 'log')
    const logged = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    expect(logged.join('')).not.toContain(canary)
    expect(logged.join('').match(/revealed to a client of the admin API/g)).toHaveLength(values.length)
  })
})

describe('a large body', () => {
  const large = 'x'.repeat(10 * 1024 * 1024)

  test.each([
    ['POST', '/sessions'],
    ['POST', '/sessions/default/cookies'],
    ['PUT', '/sessions/default/credentials/api'],
    ['POST', '/clients'],
    ['POST', '/explain'],
  ])('is refused by %s %s with its length said, and without', async (method, path) => {
    const { app } = await runningApi()
    const said = { 'content-type': 'application/json', 'content-length': String(large.length) }
    const whole = await app.request(path, { method, headers: said, body: large })
    expect(whole.status).toBe(413)
    expect(await whole.json()).toMatchObject({ code: 'body-too-large' })
    let sent = 0
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const headers = { 'content-type': 'application/json' }
    const streamed = new Request(`http://hallpass${path}`, {
      ...{ method, headers, body: endless },
      duplex: 'half',
    })
    expect((await app.request(streamed)).status).toBe(413)
    expect(sent).toBeLessThan(8 * 1024 * 1024)
  })
})

test('a hint works on the session that the request is about', async () => {
  const { ask } = await runningApi({}, (hint, session) => `${hint} --session ${session}`)
  await ask('POST', '/sessions', { name: 'work' })
  expect((await ask('GET', '/sessions/work/credentials/none')).body.hint).toBe(
    'hallpass token list --session work',
  )
})

test('a path that there is not is a problem too', async () => {
  const { ask } = await runningApi()
  expect(await ask('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'usage' } })
  expect(await ask('GET', '/healthz')).toMatchObject({ status: 200, body: { schema: 'hallpass.health/1' } })
  expect(await ask('GET', '/readyz')).toMatchObject({ status: 200, body: { ready: true } })
})
