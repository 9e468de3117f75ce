import { describe, expect, it } from 'vitest'
import { placeText } from '../credentials/credential.ts'
import type { PlannedCredential } from './choose-credentials.ts'
import { type Answered, isSuccess, loginSign } from './login-sign.ts'
import type { Plan } from './plan.ts'

const answer: Answered = {
  origin: 'https://app.example.com',
  method: 'GET',
  target: '/me?x=1',
  sent: [],
  attached: ['cookie:sid'],
  status: 401,
  fields: [],
  succeeded: false,
  refusals: 0,
}

function planWith(...attached: Partial<PlannedCredential>[]): Plan {
  return { credentials: { attached, withheld: [] } } as unknown as Plan
}

const api = {
  name: 'api',
  place: { in: 'header', name: 'Authorization' },
  source: { from: 'placeholder' },
} as unknown as PlannedCredential
const sentApi = [`${placeText(api.place)}(api)`]
const to = (location: string, status = 302) => ({ status, fields: [{ lower: 'location', value: location }] })

describe('a login may have ended', () => {
  it.each<[Partial<Answered>, string]>([
    [{}, 'app.example.com answered 401 with the cookies'],
    [{ method: 'POST' }, 'app.example.com answered 401 with the cookies'],
    [{ target: '//bank.example/x', status: 403 }, 'app.example.com answered 403 with the cookies'],
    [{ target: '//auth/x' }, 'app.example.com answered 401 with the cookies'],
    [{ origin: 'http://127.0.0.1:8080' }, '127.0.0.1:8080 answered 401 with the cookies'],
    [
      { fields: [{ lower: 'www-authenticate', value: 'Bearer' }] },
      'app.example.com answered 401 with the cookies',
    ],
    [{ status: 403, refusals: 1 }, 'app.example.com answered 403 with the cookies'],
    [{ status: 403, refusals: 3, succeeded: true }, 'app.example.com answered 403 with the cookies'],
    [to('/login?next=/me'), 'app.example.com answered 302 to /login with the cookies'],
    [
      to('https://app.example.com/users/sign_in', 303),
      'app.example.com answered 303 to /users/sign_in with the cookies',
    ],
    [to('/Account/Login.aspx', 301), 'app.example.com answered 301 to /Account/Login.aspx with the cookies'],
    [to('/wp-login.php', 307), 'app.example.com answered 307 to /wp-login.php with the cookies'],
    [to('/sessions/new', 308), 'app.example.com answered 308 to /sessions/new with the cookies'],
    [to('/#/login'), 'app.example.com answered 302 to / with the cookies'],
    [
      to('https://login.example.net/x'),
      'app.example.com answered 302 to login.example.net/x with the cookies',
    ],
    [
      to('https://id.example.net/authorize?response_type=code&client_id=a'),
      'app.example.com answered 302 to id.example.net/authorize with the cookies',
    ],
    [
      to('https://id.example.net/go?SAMLRequest=a'),
      'app.example.com answered 302 to id.example.net/go with the cookies',
    ],
    [
      to('https://accounts.google.com/ServiceLogin?continue=x'),
      'app.example.com answered 302 to accounts.google.com/ServiceLogin with the cookies',
    ],
  ])('%j', (change, reason) => {
    expect(loginSign({ ...answer, ...change }, planWith())).toMatchObject({ reason })
  })

  it('of a credential that hallpass cannot refresh', () => {
    expect(loginSign({ ...answer, attached: sentApi }, planWith(api))).toEqual({
      reason: 'app.example.com answered 401 with the credential api',
      credential: 'api',
      path: '/me',
    })
  })

  it('and a success at the same path shows the opposite; after a 403 any success does', () => {
    expect(loginSign(answer, planWith())?.path).toBe('/me')
    expect(loginSign({ ...answer, status: 403 }, planWith())).not.toHaveProperty('path')
  })
})

describe('no login has ended', () => {
  const refreshable = { ...api, freshness: { refreshable: true } } as PlannedCredential
  it.each<[string, Partial<Answered>, Plan]>([
    ['a 200', { status: 200 }, planWith()],
    ['a 404', { status: 404 }, planWith()],
    ['a 429', { status: 429 }, planWith()],
    ['a 403 for speed', { status: 403, fields: [{ lower: 'retry-after', value: '3' }] }, planWith()],
    [
      'a 403 for robots',
      { status: 403, fields: [{ lower: 'cf-mitigated', value: 'challenge' }] },
      planWith(),
    ],
    ['a 403 to a form (CSRF)', { status: 403, method: 'POST' }, planWith()],
    ['a 403 among successes', { status: 403, succeeded: true, refusals: 2 }, planWith()],
    ['a 403 to a credential alone', { status: 403, attached: sentApi }, planWith(api)],
    [
      'a 401 to a token that hallpass refreshes',
      { attached: ['cookie:sid', ...sentApi] },
      planWith(refreshable),
    ],
    [
      'a 401 to the client’s own token',
      { sent: [{ lower: 'authorization', value: 'Bearer x' }] },
      planWith(),
    ],
    [
      'a 401 that asks for a password',
      { fields: [{ lower: 'www-authenticate', value: 'NTLM' }] },
      planWith(),
    ],
    ['a 401 to a preflight', { method: 'OPTIONS' }, planWith()],
    ['a wrong password', { method: 'POST', target: '/api/login' }, planWith()],
    ['the way of a login', { ...to('/login/two'), target: '/login' }, planWith()],
    ['a logout', { ...to('/login'), target: '/logout' }, planWith()],
    ['an answer to a form', { ...to('/login'), method: 'POST' }, planWith()],
    ['another page', to('/me/'), planWith()],
    ['a page about logins', to('/blog/login-pages-considered'), planWith()],
    ['accounts are more than logins', to('https://accounts.example.com/settings'), planWith()],
    ['no URL', to('https://['), planWith()],
    ['a redirect without a place', { status: 302 }, planWith()],
    [
      'a redirect of a request with a credential alone',
      { ...to('/login'), attached: sentApi },
      planWith(api),
    ],
  ])('%s', (_, change, plan) => {
    expect(loginSign({ ...answer, ...change }, plan)).toBeUndefined()
  })
})

it.each([
  [200, true],
  [206, true],
  [304, true],
  [302, false],
  [403, false],
])('%i is a success: %s', (status, success) => {
  expect(isSuccess(status)).toBe(success)
})
