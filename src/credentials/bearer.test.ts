import { expect, it } from 'vitest'
import { bearer } from './bearer.ts'

const attach = (text: string) => {
  const value = bearer.secret?.parse(text, 0)
  return value && bearer.attach({ kind: 'bearer' }, value)
}

it('goes into Authorization', () => {
  expect(bearer.place({ kind: 'bearer' })).toEqual({ in: 'header', name: 'Authorization' })
  expect(attach('ghp_abc|DEF/+~=')).toEqual({ value: 'Bearer ghp_abc|DEF/+~=' })
})

it.each(['two words', ' led', 'trailed ', 'ümlaut', '\ufeffbom', 'Bearer x'])(
  'refuses %j, which is not one word',
  (text) => expect(() => attach(text)).toThrow('one word of visible ASCII'),
)
