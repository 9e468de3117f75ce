import { expect, it } from 'vitest'
import { z } from 'zod'
import { mirror } from './mirror.ts'

it('copies a cookie and has no value of its own', () => {
  const definition = { kind: 'mirror', cookie: 'ct0', header: 'x-csrf-token' } as const
  expect(mirror.secret).toBeUndefined()
  expect(mirror.place(definition)).toEqual({ in: 'header', name: 'x-csrf-token' })
  expect(mirror.attach(definition, undefined as never)).toEqual({ cookie: 'ct0' })
})

it.each(['', 'a b', 'a=b', 'a;b', 'a\n'])('cannot copy a cookie named %j', (cookie) =>
  expect(mirror.options(z).safeParse({ kind: 'mirror', cookie, header: 'x' }).success).toBe(false),
)
