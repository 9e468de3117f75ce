import { expect, test } from 'vitest'
import { spokenDuration, spokenTime } from './spoken-time.ts'

const s = 1000
const min = 60 * s
const h = 60 * min
const d = 24 * h

test.each([
  [0, '0 s'],
  [499, '0 s'],
  [59.4 * s, '59 s'],
  [59.6 * s, '1 min'],
  [h - 500, '1 h'],
  [59.6 * min, '1 h'],
  [5 * min - 20 * s, '5 min'],
  [23.4 * h, '23 h'],
  [d - min, '1 d'],
  [14 * d - 2 * min, '14 d'],
  [14 * d, '14 d'],
  [400 * d, '400 d'],
])('%d ms are %s', (duration, text) => {
  expect(spokenDuration(duration)).toBe(text)
})

test('a time is before or after now', () => {
  expect(spokenTime(14 * d, min)).toBe('in 14 d')
  expect(spokenTime(0, 3 * h)).toBe('3 h ago')
})
