import { expect, it } from 'vitest'
import { z } from 'zod'
import { header } from './header.ts'
import { headerNameProblem } from './header-name.ts'
import { mirror } from './mirror.ts'

it('goes into the header of its definition, in the bytes of UTF-8', () => {
  const definition = { kind: 'header', header: 'X-Api-Key' } as const
  expect(header.place(definition)).toEqual({ in: 'header', name: 'X-Api-Key' })
  expect(header.attach(definition, { value: 'k€y 1' })).toEqual({ value: 'k\xe2\x82\xacy 1' })
})

it.each([' led', 'trailed '])('refuses %j: a space at an end is not part of a header value', (text) =>
  expect(() => header.secret?.parse(text, 0)).toThrow('neither begins nor ends'),
)

it.each([
  'Content-Length',
  'transfer-encoding',
  'Host',
  'Cookie',
  'Set-Cookie',
  'Connection',
  'Upgrade',
  'TE',
  'Trailer',
  'Expect',
  'Keep-Alive',
  'Proxy-Authorization',
  'Hallpass-Captured',
  '',
  'a b',
  'a:b',
  'a\r\nb',
  'ä',
  'a\0',
])('cannot be %j', (name) => {
  expect(headerNameProblem(name)).toBeDefined()
  expect(header.options(z).safeParse({ kind: 'header', header: name }).success).toBe(false)
  expect(mirror.options(z).safeParse({ kind: 'mirror', cookie: 'a', header: name }).success).toBe(false)
})

it.each(['Authorization', 'x-api-key', '__proto__', 'X_1'])('can be %s', (name) =>
  expect(headerNameProblem(name)).toBeUndefined(),
)
