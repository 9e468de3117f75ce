import { describe, expect, it } from 'vitest'
import { BrowsingUser } from '../../../test/support/browsing-user.ts'
import { callbackUrl, failing, get, server } from '../../../test/support/code-login.ts'
import { loginRequest, testFetch } from '../../../test/support/login-request.ts'
import { authorizationCode } from './authorization-code.ts'

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
