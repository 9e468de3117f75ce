import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { bearer } from './bearer.ts'
import { credentialOf } from './credential.ts'
import { mirror } from './mirror.ts'
import { isFieldValue } from './value.ts'

it('carries its value wrapped as a secret', () => {
  const credential = credentialOf('api', { kind: 'bearer' }, bearer, {
    bound: undefined,
    secret: { token: 's3cret' },
  })
  expect(credential.source).toMatchObject({ from: 'value' })
  expect(credential.source.from === 'value' && credential.source.value.reveal()).toBe('Bearer s3cret')
  expect(inspect(credential, { depth: 9 }) + JSON.stringify(credential)).not.toContain('s3cret')
})

it('says the command when it has a definition and no value', () =>
  expect(credentialOf('api', { kind: 'bearer' }, bearer, undefined).source).toEqual({
    from: 'nothing',
    reason: 'no value: hallpass token set api',
  }))

it('passes on why the sealed value cannot be used', () =>
  expect(credentialOf('api', { kind: 'bearer' }, bearer, 'why not').source).toEqual({
    from: 'nothing',
    reason: 'why not',
  }))

it('needs no value to copy a cookie', () => {
  const definition = { kind: 'mirror', cookie: 'ct0', header: 'x' } as const
  expect(credentialOf('csrf', definition, mirror, undefined).source).toEqual({
    from: 'cookie',
    cookie: 'ct0',
  })
})

it.each([
  ['a', true],
  ['a b\tc', true],
  ['\xe2\x82\xac', true],
  ['', false],
  [' a', false],
  ['a ', false],
  ['a\r\nb: c', false],
  ['a\nb', false],
  ['a\0', false],
  ['a\x7f', false],
  ['€', false],
])('%j as a field value: %j', (value, can) => expect(isFieldValue(value)).toBe(can))
