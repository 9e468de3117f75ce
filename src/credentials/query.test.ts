import { expect, it } from 'vitest'
import { z } from 'zod'
import { query } from './query.ts'

it('goes into the parameter of its definition, for any value', () => {
  const definition = { kind: 'query', param: 'key' } as const
  expect(query.place(definition)).toEqual({ in: 'query', name: 'key' })
  expect(query.attach(definition, { value: 'a&b=c #ü' })).toEqual({ value: 'a&b=c #ü' })
})

it.each(['', 'a\nb', '\ud800'])('has no parameter named %j', (param) =>
  expect(query.options(z).safeParse({ kind: 'query', param }).success).toBe(false),
)
