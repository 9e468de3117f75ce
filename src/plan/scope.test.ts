import { expect, it } from 'vitest'
import { scope } from '../../test/support/material.ts'
import { scopeKey } from './scope.ts'

it('has one key for equal scopes, and different keys otherwise', () => {
  const scopes = [
    {},
    { only: [] },
    { only: ['a.test'] },
    { only: ['a.test', 'b.test'] },
    { capture: ['a.test'] },
    { strict: true },
    { reveal: 'all' as const },
    { browserWindow: true },
  ]
  const keys = scopes.map((said) => scopeKey(scope(said)))
  expect(new Set(keys).size).toBe(scopes.length)
  expect(scopes.map((said) => scopeKey(scope(said)))).toEqual(keys)
})
