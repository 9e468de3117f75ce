import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrowsingUser } from '../../../test/support/browsing-user.ts'
import { testFetch } from '../../../test/support/login-request.ts'
import {
  type OAuth1Server,
  oauth1Consumer,
  oauth1Token,
  startOAuth1Server,
} from '../../../test/support/oauth1-server.ts'
import type { OAuth1Value } from '../../credentials/oauth1-signature.ts'
import type { SignInOptions } from './await-callback.ts'
import { oauth1Login } from './oauth1.ts'

let server: OAuth1Server
beforeEach(async () => {
  server = await startOAuth1Server()
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
})

const browser: SignInOptions = { visit: (url) => void new BrowsingUser().visit(url), timeoutMs: 10_000 }

function run(options: SignInOptions, consumer: OAuth1Value = oauth1Consumer) {
  return oauth1Login({ endpoints: server.endpoints, consumer, fetch: testFetch(), now: Date.now }, options)
}

describe('the three legs of OAuth 1.0a', () => {
  it('bring a token by a callback, with the signatures of another implementation', async () => {
    expect(await run(browser)).toEqual({ ...oauth1Consumer, ...oauth1Token })
  })

  it('bring a token by a PIN', async () => {
    let page = ''
    const pasted = async () => {
      const { body } = await new BrowsingUser().visit(page)
      return ` ${/\d+/.exec(body)?.[0]}\n`
    }
    const visit = (url: string) => {
      page = url
    }
    expect(await run({ visit, pasted })).toEqual({ ...oauth1Consumer, ...oauth1Token })
  })

  it.each<[string, (query: URLSearchParams) => void, string]>([
    [
      'without a verifier',
      (query) => query.delete('oauth_verifier'),
      'the answer has no verifier. Nothing was kept',
    ],
    ['that says no', (query) => query.set('denied', 'temporary'), 'the sign-in was denied'],
  ])('refuse an answer %s', async (_, change, message) => {
    server.answer = change
    await expect(run(browser)).rejects.toMatchObject({ code: 'login-failed', message })
    expect(server.origin.received).not.toContain('/access_token')
  })

  it('refuse an answer of another login, and go on waiting', async () => {
    let stray = 0
    const visit = async (url: string) => {
      const end = await new BrowsingUser().visit(url, undefined, /\/callback\?/)
      const other = new URL(end.url)
      other.searchParams.set('oauth_token', 'another')
      stray = (await new BrowsingUser().visit(other.href)).status
      await new BrowsingUser().visit(end.url)
    }
    expect(await run({ ...browser, visit })).toMatchObject(oauth1Token)
    expect(stray).toBe(400)
  })

  it.each<[string, (answer: URLSearchParams) => void, RegExp]>([
    [
      'does not confirm the callback',
      (answer) => answer.delete('oauth_callback_confirmed'),
      /does not speak OAuth 1\.0a: the callback is not confirmed$/,
    ],
    ['gives no token', (answer) => answer.delete('oauth_token'), /answered without a token$/],
  ])('end where the server %s', async (_, change, message) => {
    server.temporary = change
    await expect(run(browser)).rejects.toMatchObject({
      code: 'token-server',
      message: expect.stringMatching(message),
    })
  })

  it('name the possible faults when the server refuses, and no signed part', async () => {
    const wrong = run(browser, { ...oauth1Consumer, consumerSecret: 'another-secret' })
    const failure = await wrong.then(
      () => undefined,
      (error: Error) => error,
    )
    expect(failure).toMatchObject({
      code: 'login-failed',
      message: expect.stringMatching(
        /^127\.0\.0\.1:\d+ refused \(status 401\): the key, its secret, the callback or the PIN is wrong, or the clock is$/,
      ),
    })
    expect(`${failure?.message}${failure?.stack}`).not.toContain('oauth_signature')
  })

  it('end when the PIN is wrong', async () => {
    await expect(run({ visit: () => {}, pasted: async () => '1' })).rejects.toMatchObject({
      code: 'login-failed',
    })
  })
})
