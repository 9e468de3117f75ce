import { expect, it } from 'vitest'
import { Histogram } from './histogram.ts'

it('puts each value into the first bucket that it fits, and what is too large into the last', () => {
  const histogram = new Histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11]) histogram.observe(value)
  expect(histogram.counts).toEqual([2, 2, 1])
  expect(histogram.sum).toBe(23.5)
})
