import { describe, expect, test } from 'vitest'
import { runningApi } from './stage.ts'

interface Operation {
  readonly parameters?: readonly { readonly name: string }[]
  readonly requestBody?: object
}

/** A stage, and every documented route with an address of it. */
async function routes() {
  const stage = await runningApi()
  const { body } = await stage.ask('GET', '/openapi.json')
  const all = Object.entries<Record<string, Operation>>(body.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/g, 'some'),
      names: parameters.map(({ name }) => name),
      takesBody: requestBody !== undefined,
    })),
  )
  expect(all.length).toBeGreaterThan(20)
  return { ...stage, all }
}

describe('every documented route', () => {
  test('refuses a parameter that it does not know', async () => {
    const { ask, all } = await routes()
    for (const { method, path } of all) {
      const answer = await ask(method, `${path}?nonsense=1`)
      expect(answer, `${method} ${path}`).toMatchObject({ status: 400, body: { code: 'usage' } })
      expect(answer.body.detail, `${method} ${path}`).toContain('nonsense')
    }
  })

  test('refuses the condition of a write that it does not take', async () => {
    const { ask, all } = await routes()
    const conditions = { 'if-match': '"other"', 'if-none-match': '*' }
    for (const [name, value] of Object.entries(conditions)) {
      const others = all.filter(({ method, names }) => method !== 'GET' && !names.includes(name))
      expect(others.length).toBeGreaterThan(5)
      for (const { method, path } of others) {
        const answer = await ask(method, path, undefined, { [name]: value })
        expect(answer, `${method} ${path}`).toMatchObject({ status: 400, body: { code: 'usage' } })
        expect(answer.body.detail.toLowerCase(), `${method} ${path}`).toContain(name)
      }
    }
  })

  test('refuses a body that it does not take', async () => {
    const { ask, all } = await routes()
    const writes = all.filter(({ method, takesBody }) => method !== 'GET' && !takesBody)
    expect(writes.length).toBeGreaterThan(5)
    for (const { method, path } of writes) {
      for (const head of [{ 'content-length': '16' }, { 'transfer-encoding': 'chunked' }]) {
        const answer = await ask(method, path, '{"dry_run": true}', head)
        expect(answer, `${method} ${path}`).toMatchObject({ status: 400, body: { code: 'usage' } })
        expect(answer.body.detail, `${method} ${path}`).toContain('does not take a body')
      }
    }
  })
})

test('what is refused changes nothing', async () => {
  const { ask } = await runningApi()
  await ask('POST', '/sessions', { name: 'work' })
  await ask('PUT', '/sessions/work/credentials/api', { kind: 'bearer', hosts: ['a.example'], value: 'v' })
  await ask('DELETE', '/sessions/work?dry_run=true')
  await ask('DELETE', '/sessions/work', undefined, { 'if-match': '"other"' })
  await ask('DELETE', '/sessions/work/cookies?all=true', undefined, { 'if-match': '"other"' })
  const there = { 'if-none-match': '*' }
  expect(await ask('DELETE', '/sessions/work/credentials/api', undefined, there)).toMatchObject({
    status: 412,
  })
  expect(await ask('GET', '/sessions/work/credentials/api')).toMatchObject({ status: 200 })
})

describe('a cookie', () => {
  test.each([
    [{ domain: 'x@b.example', host_only: true }],
    [{ domain: 'x@b.example' }],
    [{ domain: 'bank.example/.evil.example', host_only: true }],
    [{ domain: 'bank.example:8443', host_only: true }],
    [{ domain: 'bank.example?', host_only: true }],
    [{ domain: 'https://bank.example', host_only: true }],
    [{ domain: 'other.example', host_only: true, url: 'https://a.example/' }],
    [{ domain: 'a.example', host_only: true, url: 'https://b.a.example/' }],
  ])('of %j is refused', async (given) => {
    const { ask } = await runningApi()
    const answer = await ask('POST', '/sessions/default/cookies', { name: 'a', value: 'b', ...given })
    expect(answer).toMatchObject({ status: 400, body: { code: 'usage' } })
  })

  test.each([
    [{ domain: 'Bank.example', host_only: true }, 'bank.example'],
    [{ domain: '.bank.example' }, 'bank.example'],
    [{ domain: 'bücher.example', host_only: true }, 'xn--bcher-kva.example'],
    [{ domain: '::1', host_only: true }, '::1'],
    [{ domain: 'a.example', host_only: true, url: 'https://A.example:8443/x' }, 'a.example'],
  ])('of %j belongs to %s', async (given, domain) => {
    const { ask } = await runningApi()
    const answer = await ask('POST', '/sessions/default/cookies', { name: 'a', value: 'b', ...given })
    expect(answer).toMatchObject({ status: 201, body: { cookies: [{ domain }] } })
  })
})

describe('an export', () => {
  const storagePath = '/sessions/default/storage/https%3A%2F%2Fapp.example.com'
  const stored = { local_storage: [{ key: 'theme', value: 'dark' }] }

  test('that could hold nothing is refused, not empty', async () => {
    const { ask } = await runningApi()
    await ask('PUT', storagePath, stored)
    expect(await ask('GET', '/sessions/default/export?format=netscape&reveal=true')).toMatchObject({
      status: 404,
      body: { code: 'cookie-missing', detail: expect.stringContaining('holds no web storage') },
    })
  })

  test('says in a header what the file does not hold', async () => {
    const { ask } = await runningApi()
    await ask('PUT', storagePath, stored)
    const url = 'https://app.example.com/'
    await ask('POST', '/sessions/default/cookies', { name: 'a', value: 'b', url, same_site: 'lax' })
    const { headers } = await ask('GET', '/sessions/default/export?format=netscape&reveal=true')
    expect(headers.get('hallpass-left-out')).toBe('SameSite of 1 cookie, localStorage of 1 origin')
    const whole = await ask('GET', '/sessions/default/export?format=bundle', undefined, {
      'hallpass-passphrase': 'p',
    })
    expect(whole.status).toBe(200)
    expect(whole.headers.get('hallpass-left-out')).toBeNull()
  })

  test.each([
    'format=netscape&url=https%3A%2F%2Fapp.example.com%2F',
    'format=header&url=https%3A%2F%2Fapp.example.com%2F&site=other.example',
  ])('with %s is refused', async (query) => {
    const { ask } = await runningApi()
    const url = 'https://app.example.com/'
    await ask('POST', '/sessions/default/cookies', { name: 'a', value: 'b', url })
    expect(await ask('GET', `/sessions/default/export?${query}&reveal=true`)).toMatchObject({
      status: 400,
      body: { code: 'usage' },
    })
  })
})

test('the hint about a missing session is spelled for it', async () => {
  const { ask } = await runningApi({}, (hint, session) => `${hint} # ${session}`)
  const reads = ['/sessions/nope', '/sessions/nope/access', '/explain?session=nope&url=a.example']
  for (const path of reads) {
    expect((await ask('GET', path)).body.hint, path).toBe('hallpass session list # nope')
  }
  expect((await ask('POST', '/sessions/nope/rotate-token')).body.hint).toBe('hallpass session list # nope')
})

test('a credential with a field __proto__ is refused', async () => {
  const { ask } = await runningApi()
  const body = '{"kind":"bearer","hosts":["a.example"],"value":"v","__proto__":"x"}'
  expect(await ask('PUT', '/sessions/default/credentials/api', body)).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('__proto__') },
  })
})
