import { expect, it } from 'vitest'
import type { Cookie } from './cookie.ts'
import { loginEnd } from './login-end.ts'

const day = 86_400_000
const now = Date.parse('2026-11-30T12:00:00Z')

/** A cookie of a login that ends in so many days, `age` days after it was set. */
function cookie(days: number, age: number, change: Partial<Cookie> = {}): Cookie {
  return {
    name: 'sid',
    value: 'secret',
    domain: 'example.com',
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'lax',
    createdAt: now - age * day,
    updatedAt: now - age * day,
    expiresAt: now + days * day,
    ...change,
  }
}

it('is told from so many days before, by the cookie that ends first', () => {
  expect(loginEnd([cookie(7.01, 20)], 7, now)).toBeUndefined()
  expect(loginEnd([cookie(7, 20)], 7, now)?.endsAt).toBe(now + 7 * day)
  const both = [cookie(5, 20, { name: 'remember' }), cookie(3, 20), cookie(300, 20, { name: 'device' })]
  expect(loginEnd(both, 7, now)?.cookie.name).toBe('sid')
  expect(loginEnd([cookie(10, 20)], 14, now)?.endsAt).toBe(now + 10 * day)
})

it.each<[string, Cookie]>([
  ['that has ended', cookie(0, 20)],
  ['without an end', { ...cookie(1, 20), expiresAt: undefined } as unknown as Cookie],
  ['that scripts read', cookie(1, 20, { httpOnly: false })],
  ['that lives for an hour and rotates', cookie(0.02, 0.02)],
  ['that was set again today for a week', cookie(7, 0)],
  ['against robots', cookie(1, 20, { name: 'cf_clearance' })],
])('no warning for a cookie %s', (_, one) => {
  expect(loginEnd([one], 7, now)).toBeUndefined()
})

it('0 days switches the warning off', () => {
  expect(loginEnd([cookie(0.5, 20)], 0, now)).toBeUndefined()
})
