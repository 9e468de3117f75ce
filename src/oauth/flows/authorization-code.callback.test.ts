import { afterEach, describe, expect, it } from 'vitest'
import { BrowsingUser } from '../../../test/support/browsing-user.ts'
import { type Answer, callbackUrl, failing, get, server } from '../../../test/support/code-login.ts'
import { loginRequest } from '../../../test/support/login-request.ts'
import { authorizationCode } from './authorization-code.ts'

afterEach(() => {
  server.consent = 'allow'
})

describe('a callback', () => {
  it.each<[string, (query: URLSearchParams) => void]>([
    ['with a wrong state', (query) => query.set('state', 'x'.repeat(43))],
    ['without a state', (query) => query.delete('state')],
    [
      'that says no in the name of another login',
      (query) => {
        query.set('error', 'access_denied')
        query.set('state', 'another')
      },
    ],
  ])('%s is refused before the code is sent anywhere, and the login goes on', async (_, change) => {
    const before = server.record.tokenRequests
    let stray: Answer | undefined
    let asked = -1
    const tokens = await authorizationCode(await loginRequest(server.issuer), {
      visit: async (url) => {
        const end = await new BrowsingUser().visit(url, undefined, callbackUrl)
        const other = new URL(end.url)
        change(other.searchParams)
        stray = await get(other.href)
        asked = server.record.tokenRequests
        void get(end.url)
      },
    })
    expect(stray).toMatchObject({ status: 400, body: expect.stringContaining('goes on waiting') })
    expect(asked).toBe(before)
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it('that is pasted with a wrong state fails the login', async () => {
    let asked = ''
    const login = failing({
      browse: async (url) => {
        asked = url
      },
      pasted: async () => {
        const end = new URL((await new BrowsingUser().visit(asked, undefined, callbackUrl)).url)
        end.searchParams.set('state', 'x'.repeat(43))
        return end.href
      },
    })
    await expect(login).rejects.toMatchObject({
      code: 'login-failed',
      message:
        'the answer has a wrong state: it belongs to another login, or another program sent it. Nothing was kept',
    })
  })

  it.each([
    ['of another issuer', (query: URLSearchParams) => query.set('iss', 'https://evil.example')],
    [
      'of no issuer, though the server says that it names itself',
      (query: URLSearchParams) => query.delete('iss'),
    ],
  ])('%s fails the login before the code is sent anywhere', async (_, change) => {
    const before = server.record.tokenRequests
    await expect(failing({ browse: (url) => changed(url, change) })).rejects.toMatchObject({
      code: 'login-failed',
      message: `the answer names another authorization server than ${server.issuer}, or none. Nothing was kept`,
    })
    expect(server.record.tokenRequests).toBe(before)
  })

  it('with an ID token of another login fails it', async () => {
    const login = failing({
      browse: async (url) => {
        const other = new URL(url)
        other.searchParams.set('nonce', 'n'.repeat(43))
        await new BrowsingUser().visit(other.href)
      },
    })
    await expect(login).rejects.toMatchObject({
      code: 'login-failed',
      message: 'the ID token has a wrong nonce: it belongs to another login. Nothing was kept',
    })
  })

  it('of a denial says so', async () => {
    server.consent = 'deny'
    const bodies: string[] = []
    const login = failing({
      browse: async (url) => void bodies.push((await new BrowsingUser().visit(url)).body),
    })
    await expect(login).rejects.toMatchObject({
      code: 'login-failed',
      message: 'the sign-in was denied: access_denied (the user said no)',
    })
    await expect.poll(() => bodies).toEqual([expect.stringContaining('Not signed in')])
  })

  it('comes once: a second one, also with the same query, is refused', async () => {
    let again: Answer | undefined
    // While the first one is being looked at: afterwards nobody listens any more.
    const came = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    server.observe = async (moment) => {
      if (moment !== 'came') return
      came.resolve()
      await release.promise
    }
    await authorizationCode(await loginRequest(server.issuer), {
      visit: async (url) => {
        const end = await new BrowsingUser().visit(url, undefined, callbackUrl)
        const first = get(end.url)
        await came.promise
        again = await get(end.url).finally(release.resolve)
        await first
      },
    })
    server.observe = () => {}
    expect(again).toMatchObject({ status: 410, body: expect.stringContaining('Already answered') })
  })

  it('under a foreign Host is refused, and the login goes on', async () => {
    let foreign: Answer | undefined
    const tokens = await authorizationCode(await loginRequest(server.issuer), {
      visit: async (url) => {
        const end = await new BrowsingUser().visit(url, undefined, callbackUrl)
        foreign = await get(end.url, { host: `evil.example:${new URL(end.url).port}` })
        void get(end.url)
      },
    })
    expect(foreign).toMatchObject({ status: 421 })
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it.each([
    ['by an image of a web page', '', { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }, 'GET', 403],
    ['in a frame', '', { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' }, 'GET', 403],
    ['by POST', '', {}, 'POST', 405],
    ['at another path', '/favicon.ico', {}, 'GET', 404],
    ['at a path below', '/callback/x', {}, 'GET', 404],
  ])('%s is refused, and the login goes on', async (_, path, headers, method, status) => {
    let odd: Answer | undefined
    const tokens = await authorizationCode(await loginRequest(server.issuer), {
      visit: async (url) => {
        const end = await new BrowsingUser().visit(url, undefined, callbackUrl)
        odd = await get(path === '' ? end.url : new URL(path, end.url).href, headers, method)
        void get(end.url)
      },
    })
    expect(odd).toMatchObject({ status })
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it('is answered by a page without a part of the login, which loads nothing and is not kept', async () => {
    let page: Promise<Answer> | undefined
    let code = ''
    await authorizationCode(await loginRequest(server.issuer), {
      visit: async (url) => {
        const end = await new BrowsingUser().visit(url, undefined, callbackUrl)
        code = new URL(end.url).searchParams.get('code') ?? ''
        page = get(end.url)
      },
    })
    const answer = await page
    expect(answer?.headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; frame-ancestors 'none'/,
      ),
    })
    expect(code).not.toBe('')
    expect(answer?.body).not.toContain(code)
    expect(answer?.body).not.toMatch(/<script|href=|src=/)
  })

  it('that never comes ends the login, and the port is free again', async () => {
    let port = 0
    const login = failing({
      browse: async (url) => {
        port = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port)
      },
      timeoutMs: 50,
    })
    await expect(login).rejects.toMatchObject({
      code: 'login-failed',
      message: 'nobody signed in within a minute',
    })
    await expect(get(`http://127.0.0.1:${port}/callback`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('is no longer waited for after an abort', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const login = failing({ browse: async () => stop.abort(reason), signal: stop.signal })
    await expect(login).rejects.toBe(reason)
  })
})

/** Signs in, and changes what the server says on the way back. */
async function changed(url: string, change: (query: URLSearchParams) => unknown): Promise<void> {
  const end = new URL((await new BrowsingUser().visit(url, undefined, callbackUrl)).url)
  change(end.searchParams)
  await get(end.href)
}
