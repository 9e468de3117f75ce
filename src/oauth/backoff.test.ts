import { expect, it } from 'vitest'
import { askedRetryAt, retryAtAfter } from './backoff.ts'

const now = Date.UTC(2026, 0, 1)
const second = 1000

it('waits longer after each failure, to a minute', () => {
  const waits = [1, 2, 3, 4, 5, 8, 9, 1000].map((failures) => (retryAtAfter(failures, now, 1) - now) / second)
  expect(waits).toEqual([0.25, 0.5, 1, 2, 4, 32, 60, 60])
  expect(retryAtAfter(6, now, 0) - now).toBe(6 * second)
})

it.each([
  ['120', 120],
  ['0', 0],
  [new Date(now + 90 * second).toUTCString(), 90],
  [new Date(now - 90 * second).toUTCString(), 0],
  ['999999999999', 3600],
  [new Date(now + 1e10).toUTCString(), 3600],
])('obeys Retry-After: %s, within an hour', (value, seconds) =>
  expect(askedRetryAt(value, now)).toBe(now + seconds * second),
)

it.each([null, '', 'soon', '-1x'])('ignores Retry-After %j', (value) =>
  expect(askedRetryAt(value, now)).toBeUndefined(),
)
