import { expect, it } from 'vitest'
import { z } from 'zod'
import { placeholder } from './placeholder.ts'

const define = (text: string) => placeholder.options(z).safeParse({ kind: 'placeholder', placeholder: text })
const parse = (text: string) => placeholder.secret?.parse(text, 0)

it.each(['ghp_dummy', 'sk-ant-dummy-0000', '12345678', '"#%&+=?@', 'x'.repeat(512)])('takes %s', (text) =>
  expect(define(text).success).toBe(true),
)

// One that is short is met by chance; one with a blank or a control character is cut, folded or decoded on the way.
it.each(['', '1234567', 'with blank', 'tab\tbed-', 'line\nbreak', 'ümlaut-key', 'x'.repeat(513)])(
  'takes no %j',
  (text) => expect(define(text).success).toBe(false),
)

it('is a place of its own, and gives its value there', () => {
  const definition = { kind: 'placeholder', placeholder: 'dummy-key' } as const
  expect(placeholder.place(definition)).toEqual({ in: 'placeholder', name: 'dummy-key' })
  expect(placeholder.attach(definition, { value: 's3cret' })).toEqual({
    placeholder: 'dummy-key',
    value: 's3cret',
  })
})

it('takes any value that can stand in a header', () => {
  expect(parse('pässwort with blanks')).toEqual({ value: 'pässwort with blanks' })
  for (const text of [' x', 'x ']) expect(() => parse(text)).toThrow(/begins nor ends with a space/)
})
