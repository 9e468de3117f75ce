import { expect, it } from 'vitest'
import { basic } from './basic.ts'

const header = (text: string) => {
  const value = basic.secret?.parse(text, 0)
  if (value === undefined) throw new Error('no value')
  const attachment = basic.attach({ kind: 'basic' }, value)
  if (!('value' in attachment)) throw new Error('no header')
  const [scheme, encoded = ''] = attachment.value.split(' ')
  return `${scheme} ${Buffer.from(encoded, 'base64').toString('utf8')}`
}

it.each([
  ['user:password', 'Basic user:password'],
  ['user:pass:word', 'Basic user:pass:word'],
  ['user:', 'Basic user:'],
  [':token', 'Basic :token'],
  ['jürgen:p€ss wörd', 'Basic jürgen:p€ss wörd'],
  ['{"user":"ada","password":"s3:cr\\"et"}', 'Basic ada:s3:cr"et'],
  ['{"user":"ada","password":""}\n', 'Basic ada:'],
  ['{ada}:x', 'Basic {ada}:x'],
])('takes %j as %j', (text, sent) => expect(header(text)).toBe(sent))

it.each([
  ['token', /no colon/],
  ['{"username":"a","password":"x"}', /the JSON must be/],
  ['{"user":"a"}', /the JSON must be/],
  ['{"user":"a","password":"x","realm":"y"}', /the JSON must be/],
  ['{"user":"a","password":1}', /the JSON must be/],
  ['{"user":"a","password":"\\ud800"}', /Unicode/],
  ['{"user":"a:b","password":"x"}', /no colon and no control/],
  ['{"user":"a","password":"x\\ny"}', /control character/],
  ['{"user":"a\\r","password":"x"}', /no colon and no control/],
])('refuses %j', (text, reason) => expect(() => header(text)).toThrow(reason))
