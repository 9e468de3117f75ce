import { expect, it } from 'vitest'
import { didYouMean } from './did-you-mean.ts'

const known = ['listen', 'intercept', 'upstreamCa', 'maxSessions', 'rules']

it.each([
  ['lisen', 'listen'],
  ['listne', 'listen'],
  ['Listen', 'listen'],
  ['max-sessions', 'maxSessions'],
  ['UPSTREAM_CA', 'upstreamCa'],
  ['rule', 'rules'],
  ['wibble', undefined],
  ['', undefined],
  ['x'.repeat(100_000), undefined],
])('%s is %s', (word, expected) => {
  expect(didYouMean(word, known)).toBe(expected)
})
