import { expect, it } from 'vitest'
import { durationText, parseDuration } from './duration.ts'

it.each([
  ['90', 90, '90s'],
  ['90s', 90, '90s'],
  ['120s', 120, '2m'],
  ['60m', 3_600, '1h'],
  ['36h', 129_600, '36h'],
  [' 7d ', 604_800, '7d'],
])('%j is %i seconds, and %s', (text, seconds, shortest) => {
  expect(parseDuration(text, 604_800)).toBe(seconds)
  expect(durationText(seconds)).toBe(shortest)
})

it.each([
  ['0', 'must be a time such as'],
  ['0d', 'must be a time such as'],
  ['-1', 'must be a time such as'],
  ['1.5h', 'must be a time such as'],
  ['soon', 'must be a time such as'],
  ['8d', 'must be at most 7d'],
  ['999999999d', 'must be at most 7d'],
])('%j is refused', (text, message) => {
  expect(() => parseDuration(text, 604_800)).toThrow(message)
})
