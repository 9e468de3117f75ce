import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../../test/support/authorization-server.ts'
import { BrowsingUser } from '../../../test/support/browsing-user.ts'
import { testWith } from '../../../test/support/installed.ts'
import { loginRequest, testFetch } from '../../../test/support/login-request.ts'
import type { HallpassError } from '../../errors.ts'
import { authorizationCode } from './authorization-code.ts'
import type { SignInOptions } from './await-callback.ts'

let server: AuthorizationServer
beforeAll(async () => {
  server = await startAuthorizationServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})
afterEach(() => {
  server.consent = 'allow'
})

const callbackUrl = /^http:\/\/(?:127\.0\.0\.1|localhost):\d+\/callback\?/

describe('a login by authorization code', () => {
  it('obtains a token, and a refresh token, from a real server', async () => {
    const pages: Promise<{ readonly status: number; readonly body: string }>[] = []
    const tokens = await authorizationCode(await loginRequest(server.issuer), {
      visit: (url) => void pages.push(new BrowsingUser().visit(url)),
    })
    expect(tokens).toMatchObject({ access_token: expect.any(String), refresh_token: expect.any(String) })
    const page = await pages[0]
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('Signed in') })
    for (const token of [tokens.access_token, tokens.refresh_token]) expect(page?.body).not.toContain(token)
  })

  it.each([
    ['client_secret_basic', 'confidential-basic', 'secret-of-basic-0c9d1f2e'],
    ['client_secret_post', 'confidential-post', 'secret-of-post-7a61e55b'],
  ] as const)('sends a client secret by %s', async (clientAuth, clientId, clientSecret) => {
    const request = await loginRequest(server.issuer, { clientId, clientSecret, clientAuth })
    const tokens = await authorizationCode(request, { visit: (url) => void new BrowsingUser().visit(url) })
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it('always sends a challenge by S256, a state and a nonce, also to a server that offers only plain', async () => {
    const fetch = testFetch()
    const request = await loginRequest(server.issuer, {}, async (url, init) => {
      const response = await fetch(url, init)
      if (!url.includes('/.well-known/')) return response
      const metadata = { ...((await response.json()) as object), code_challenge_methods_supported: ['plain'] }
      return new Response(JSON.stringify(metadata), { headers: { 'content-type': 'application/json' } })
    })
    let asked = new URLSearchParams()
    await authorizationCode(request, {
      visit: (url) => {
        asked = new URL(url).searchParams
        void new BrowsingUser().visit(url)
      },
    })
    expect(request.client.serverMetadata().code_challenge_methods_supported).toEqual(['plain'])
    expect(asked.get('code_challenge_method')).toBe('S256')
    expect(asked.get('code_challenge')).toMatch(/^[\w-]{43}$/)
    expect(asked.get('state')).toMatch(/^[\w-]{43}$/)
    expect(asked.get('nonce')).toMatch(/^[\w-]{43}$/)
  })

  it('is refused by the server when the code comes without the verifier of its challenge', async () => {
    const foreign = new URLSearchParams()
    const login = failing({
      // The code of another login, which an attacker had the server send here: PKCE alone tells.
      browse: async (url) => {
        const other = new URL(url)
        other.searchParams.set('code_challenge', 'A'.repeat(43))
        const end = await new BrowsingUser().visit(other.href, undefined, callbackUrl)
        foreign.set('code', new URL(end.url).searchParams.get('code') ?? '')
        await get(end.url)
      },
    })
    await expect(login).rejects.toMatchObject({
      code: 'login-failed',
      message: expect.stringMatching(/^the server refused the code of the sign-in: invalid_grant/),
    })
    expect(foreign.get('code')).not.toBe('')
  })

  it.each([
    ['ten minutes ahead', -600],
    ['ten minutes behind', 600],
  ])('succeeds on a machine whose clock is %s', async (_, shiftSeconds) => {
    const fetch = testFetch()
    const request = await loginRequest(server.issuer, {}, async (url, init) => {
      const response = await fetch(url, init)
      if (!url.endsWith('/token')) return response
      const answer = (await response.json()) as { id_token: string }
      return Response.json({ ...answer, id_token: shifted(answer.id_token, shiftSeconds) })
    })
    const tokens = await authorizationCode(request, { visit: (url) => void new BrowsingUser().visit(url) })
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it('takes the URL at which a browser elsewhere ended', async () => {
    let asked = ''
    const tokens = await authorizationCode(await loginRequest(server.issuer), {
      visit: (url) => {
        asked = url
      },
      pasted: async () => (await new BrowsingUser().visit(asked, undefined, callbackUrl)).url,
    })
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it.each(['', 'yes', 'https://example.com/', 'code=1&state=2'])(
    'says that %j is no such URL',
    async (pasted) => {
      const login = failing({ browse: async () => {}, pasted: async () => pasted })
      await expect(login).rejects.toMatchObject({
        code: 'login-failed',
        message: expect.stringMatching(
          /^that is not the URL at which the browser ended, which begins with http:\/\/127\.0\.0\.1:\d+\/callback\?$/,
        ),
      })
    },
  )

  it('is one of two at once, each with its own port, state and token', async () => {
    const logins = await Promise.all(
      [1, 2].map(async () =>
        authorizationCode(await loginRequest(server.issuer), {
          visit: (url) => void new BrowsingUser().visit(url),
        }),
      ),
    )
    expect(new Set(logins.map((tokens) => tokens.access_token)).size).toBe(2)
  })

  it('does not take the answer of another login that runs at the same time', async () => {
    const request = await loginRequest(server.issuer)
    const begin = async () => {
      const shown = Promise.withResolvers<string>()
      const stop = new AbortController()
      const login = authorizationCode(request, { visit: shown.resolve, signal: stop.signal })
      return { login, stop, url: await shown.promise }
    }
    const [first, second] = [await begin(), await begin()]
    // The second one's page, sent back to the first one's port.
    const end = await new BrowsingUser().visit(second.url, undefined, callbackUrl)
    const port = new URL(first.url).searchParams.get('redirect_uri') ?? ''
    expect(await get(new URL(new URL(end.url).search, port).href)).toMatchObject({ status: 400 })
    for (const { login, stop } of [first, second]) {
      stop.abort(new Error('still waiting'))
      await expect(login).rejects.toThrow('still waiting')
    }
  })
})

describe('a sign-in page', () => {
  it.each(['file:///etc/passwd', 'vscode://evil', 'javascript:alert(1)', 'http://id.example/auth'])(
    'at %s is opened by nobody',
    async (authorizationEndpoint) => {
      const request = await loginRequest(server.issuer, {
        authorizationEndpoint,
        tokenEndpoint: `${server.issuer}/token`,
      })
      let visited = false
      const visit = () => {
        visited = true
      }
      await expect(authorizationCode(request, { visit, timeoutMs: 1_000 })).rejects.toThrow()
      expect(visited).toBe(false)
    },
  )
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

describe('the start of a sign-in', () => {
  /** A login whose browser is started at the short URL. */
  async function started(browse: (start: string, page: string) => Promise<void>) {
    return await authorizationCode(await loginRequest(server.issuer), {
      timeoutMs: 20_000,
      visit: (page, start) => void browse(start, page),
    })
  }

  it('is a URL that tells nothing of the login, and leads to its page', async () => {
    let urls: readonly string[] = []
    const tokens = await started(async (start, page) => {
      const end = await new BrowsingUser().visit(start, undefined, callbackUrl)
      urls = [page, ...end.way]
      void get(end.url)
    })
    const [page, start, second] = urls
    expect(start).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}$/)
    expect(second).toBe(page)
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  it('leads there once', async () => {
    let again: Answer | undefined
    await started(async (start) => {
      const end = await new BrowsingUser().visit(start, undefined, callbackUrl)
      again = await get(start)
      void get(end.url)
    })
    expect(again).toMatchObject({ status: 410, body: expect.stringContaining('another program did') })
    expect(again?.headers.location).toBeUndefined()
  })

  it.each([
    ['by POST', 405, {}, 'POST'],
    ['under a foreign Host', 421, { host: 'evil.example' }, 'GET'],
  ])('leads nowhere %s, and is not used up', async (_, status, headers, method) => {
    let odd: Answer | undefined
    const tokens = await started(async (start) => {
      odd = await get(start, headers, method)
      await new BrowsingUser().visit(start)
    })
    expect(odd).toMatchObject({ status })
    expect(tokens.access_token).toEqual(expect.any(String))
  })

  testWith(
    'setpriv',
    '--reuid=65534',
    '--clear-groups',
    'curl',
    '--version',
  )('leads another user of the machine nowhere, and is not used up', async () => {
    let stolen = ''
    const tokens = await started(async (start) => {
      const curl = ['--reuid=65534', '--regid=65534', '--clear-groups', 'curl', '-sSi', start]
      stolen = (await promisify(execFile)('setpriv', curl)).stdout
      await new BrowsingUser().visit(start)
    })
    expect(stolen).toMatch(/^HTTP\/1\.1 403 /)
    expect(stolen).not.toMatch(/location/i)
    expect(tokens.access_token).toEqual(expect.any(String))
  })
})

describe('a redirect URI with a port of its own', () => {
  it('is used, or is an error when another program has it', async () => {
    const request = await loginRequest(server.issuer)
    let port = 0
    await authorizationCode(request, {
      visit: async (url) => {
        port = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port)
        const second = authorizationCode(request, { visit: () => {}, redirect: { port } })
        await expect(second).rejects.toMatchObject({
          code: 'port-taken',
          message: `127.0.0.1:${port}, where the sign-in is to come back to, is in use: by another login?`,
        })
        void new BrowsingUser().visit(url)
      },
    })
    expect(port).toBeGreaterThan(0)
  })

  it('may be localhost, and then nobody else can listen on its ::1', async () => {
    let end = ''
    await authorizationCode(await loginRequest(server.issuer), {
      visit: async (url) => {
        end = (await new BrowsingUser().visit(url, undefined, callbackUrl)).url
        void get(end.replace('localhost', '[::1]'), { host: new URL(end).host })
      },
      redirect: { host: 'localhost' },
    })
    expect(end).toMatch(/^http:\/\/localhost:/)
  })
})

/** A login that is to fail: `browse` is not waited for, as a browser is not. */
async function failing({
  browse,
  ...options
}: Omit<SignInOptions, 'visit'> & { browse: (url: string) => Promise<void> }): Promise<HallpassError> {
  const request = await loginRequest(server.issuer)
  return (await authorizationCode(request, {
    timeoutMs: 20_000,
    ...options,
    visit: (url) => void browse(url),
  })) as never
}

/** Signs in, and changes what the server says on the way back. */
async function changed(url: string, change: (query: URLSearchParams) => unknown): Promise<void> {
  const end = new URL((await new BrowsingUser().visit(url, undefined, callbackUrl)).url)
  change(end.searchParams)
  await get(end.href)
}

/** An ID token of a minute, as a server whose clock differs by so much would have made it. */
function shifted(idToken: string, seconds: number): string {
  const [head, payload = '', signature] = idToken.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  const iat = claims.iat + seconds
  const changed = Buffer.from(JSON.stringify({ ...claims, iat, nbf: iat, exp: iat + 60 })).toString(
    'base64url',
  )
  return [head, changed, signature].join('.')
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  const request = httpRequest(url, { headers, method, agent: false })
  // One that is kept waiting is a failure, not a hang.
  request.setTimeout(10_000, () => request.destroy(new Error('not answered')))
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
}
