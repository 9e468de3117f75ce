import { expect, it } from 'vitest'
import { cookiesOf, formatOfText, read } from '../../test/formats/read-text.ts'

const cookie = { domain: '.a.test', hostOnly: false, name: 'sid', value: 'v', path: '/', storeId: '0' }

it('reads the cookies of every domain, and localStorage as that of the https origin', () => {
  const text = JSON.stringify({
    cookie_data: {
      'a.test': [cookie, { ...cookie, name: 'b', domain: undefined }],
      'b.test': [{ ...cookie, domain: 'b.test', hostOnly: true, sameSite: 'lax' }],
    },
    local_storage_data: { 'a.test': { token: 'xyz' }, 'b.test:8443': {} },
    update_time: '2026-01-01T00:00:00Z',
  })
  expect(formatOfText(text)).toBe('cookie-cloud')
  const reading = read(text)
  expect(reading.skipped).toEqual([])
  expect(cookiesOf(reading)).toEqual([
    { name: 'sid', value: 'v', domain: 'a.test', hostOnly: false },
    { name: 'b', value: 'v', domain: 'a.test', hostOnly: false },
    { name: 'sid', value: 'v', domain: 'b.test', sameSite: 'lax' },
  ])
  expect(reading.origins.map(({ storage }) => [storage.origin, storage.localStorage])).toEqual([
    ['https://a.test', [['token', 'xyz']]],
    ['https://b.test:8443', []],
  ])
})

it('names the parts that are of another form', () => {
  const reading = read(
    JSON.stringify({
      cookie_data: { 'a.test': [7], 'b.test': { sid: 'hunter2' } },
      local_storage_data: { 'x@b.test': { k: 'hunter2' }, 'c.test': { k: 7 }, '': {} },
    }),
  )
  expect(reading.skipped.map(({ where, reason }) => `${where}: ${reason}`)).toEqual([
    'cookie_data["a.test"][0]: not an object',
    'cookie_data["b.test"]: not a list of cookies',
    'local_storage_data["x@b.test"]: no origin of a site',
    'local_storage_data["c.test"]: the web storage is not a list of names and values',
    'local_storage_data[""]: no origin of a site',
  ])
})

it('says of an answer that is still encrypted how to get the plain one', () => {
  expect(() => read('{"encrypted":"U2FsdGVk"}')).toThrow(
    /^it is still encrypted: the server decrypts it for a POST with the password$/,
  )
})
