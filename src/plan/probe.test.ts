import { expect, it } from 'vitest'
import { type Expectation, type ProbeAnswer, verdictOf } from './probe.ts'

const page = (status: number, headers: Record<string, string> = {}, body = ''): ProbeAnswer => {
  return { url: 'https://app.example.com/me', status, headers: new Headers(headers), body }
}

it.each<[Expectation, ProbeAnswer]>([
  [{}, page(200)],
  [{}, page(302, { location: '/me/' })],
  [{ status: 200 }, page(200)],
  [{ status: 503 }, page(503)],
  [{ status: 302, notRedirectTo: '/login' }, page(302, { location: '/login-help' })],
  [{ notRedirectTo: '/login' }, page(302, { location: 'https://other.example/me' })],
  [{ notRedirectTo: 'https://id.example.com/' }, page(302, { location: '/x' })],
  [{ header: 'X-User' }, page(200, { 'x-user': 'ada' })],
  [{ header: 'X-User: ada' }, page(200, { 'x-user': 'ada' })],
  [{ bodyContains: 'Sign out' }, page(200, {}, '<a>Sign out</a>')],
  [{ jsonPath: '$.user.ids.0' }, page(200, {}, '{"user":{"ids":[0]}}')],
])('%j takes an answer for that to a living login', (expected, answer) => {
  expect(verdictOf(expected, answer)).toEqual({ kind: 'alive' })
})

const answered = 'app.example.com answered its probe with'

it.each<[Expectation, ProbeAnswer, string]>([
  [{}, page(401), `${answered} 401`],
  [{}, page(404), `${answered} 404`],
  [{}, page(302, { location: '/login?next=/me' }), `${answered} 302 to /login`],
  [{ status: 200 }, page(302, { location: '/x' }), `${answered} 302 to /x, not 200`],
  [
    { status: 302, notRedirectTo: '/login/' },
    page(302, { location: '/login/two' }),
    `${answered} 302 to /login/two`,
  ],
  [
    { notRedirectTo: 'https://id.example.com/' },
    page(302, { location: 'https://id.example.com/a' }),
    `${answered} 302 to id.example.com/a`,
  ],
  [{ header: 'X-User' }, page(200), `${answered} 200, without the header "X-User"`],
  [
    { header: 'X-User: ada' },
    page(200, { 'x-user': 'eve' }),
    `${answered} 200, without the header "X-User: ada"`,
  ],
  [
    { bodyContains: 'Sign out' },
    page(200, {}, 'Sign in'),
    `${answered} 200, without the text of bodyContains`,
  ],
  [{ jsonPath: 'user.id' }, page(200, {}, '{"user":null}'), `${answered} 200, without a value at user.id`],
  [{ jsonPath: 'constructor' }, page(200, {}, '{}'), `${answered} 200, without a value at constructor`],
  [{ jsonPath: 'user' }, page(200, {}, '<html>'), `${answered} 200, without a value at user`],
])('%j takes an answer for that to a dead login', (expected, answer, reason) => {
  expect(verdictOf(expected, answer)).toEqual({ kind: 'dead', reason })
})

it.each([408, 429, 500, 503])('%i says nothing about a login', (status) => {
  expect(verdictOf({ status: 200 }, page(status))).toEqual({
    kind: 'unknown',
    reason: `app.example.com answered its probe with ${status}`,
  })
})
