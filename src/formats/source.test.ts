import { describe, expect, test } from 'vitest'
import { read } from '../../test/formats/read-text.ts'
import { maxSourceBytes, Source } from './source.ts'

describe('in any encoding', () => {
  const json = '[{"name":"a","value":"schön","domain":"a.test"},{"name":"b","value":"c","domain":"a.test"}]'
  const txt = 'a.test\tFALSE\t/\tFALSE\t0\ta\tschön\n'
  const utf8 = 'sch\u00c3\u00b6n'
  const swapped = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  test.each<[what: string, bytes: Uint8Array, value: string]>([
    ['UTF-8', Buffer.from(json), utf8],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${json}`), utf8],
    ['UTF-16 of Windows', Buffer.from(`\ufeff${json}`, 'utf16le'), utf8],
    ['UTF-16, big end first', swapped(json), utf8],
    ['cookies.txt in UTF-8 with a mark', Buffer.from(`\ufeff${txt}`), utf8],
    ['cookies.txt in UTF-16', Buffer.from(`\ufeff${txt}`, 'utf16le'), utf8],
    ['cookies.txt in latin1: the bytes as they are', Buffer.from(txt, 'latin1'), 'sch\u00f6n'],
  ])('%s is read', (_, bytes, value) => {
    const { cookies, skipped } = read(bytes)
    expect(skipped).toEqual([])
    expect(cookies[0]?.cookie.value).toBe(value)
  })

  test('JSON in latin1 loses only the cookies that cannot be decoded', () => {
    const { cookies, skipped } = read(Buffer.from(json, 'latin1'))
    expect(cookies.map(({ cookie }) => cookie.name)).toEqual(['b'])
    expect(skipped).toEqual([{ where: '[0]', reason: 'text that is not UTF-8' }])
  })

  test('half a character of UTF-16 is reported in the same way', () => {
    const bytes = Buffer.from(`\ufeff${json.replace('ö', '\ud800')}`, 'utf16le')
    expect(read(bytes).skipped).toEqual([{ where: '[0]', reason: 'text that is not UTF-8' }])
  })

  test('a character that stands for unreadable ones is one like others in good UTF-8', () => {
    expect(read('[{"name":"a","value":"\ufffd","domain":"a.test"}]').cookies).toHaveLength(1)
  })
})

describe('a file of no format', () => {
  test.each<[what: string, bytes: Uint8Array | string, message: string]>([
    ['empty', '', 'it is empty'],
    ['blank', ' \n\n', 'it is empty'],
    ['prose', 'Dear hunter2,\nhello\n', 'hallpass does not know its format'],
    [
      'a picture',
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0]),
      'line 3: a NUL byte: it is not text',
    ],
    [
      "a browser's database",
      Buffer.from('SQLite format 3\0hunter2'),
      'it is the database of a browser, not an exported file',
    ],
    [
      'JSON that ends early',
      '[\n {"name":"hunter2","value":"hunt',
      'line 2, column 33: it ends in the middle of the JSON',
    ],
    [
      'JSON with a comma too many',
      '[{"name":"hunter2"},]',
      'line 1, column 21: not JSON: a value is expected',
    ],
    [
      'JSON with a word in it',
      '{"cookies":[{"value": hunter2}]}',
      'line 1, column 23: not JSON: a value is expected',
    ],
    ['two of JSON', '[]\n[]', 'line 2, column 1: more after the end of the JSON'],
    ['JSON of another kind', '{"hunter2":1}', 'hallpass does not know its format'],
  ])('%s is refused with the place, and nothing of it is quoted', (_, bytes, message) => {
    const refused = () => read(bytes)
    expect(refused).toThrow(message)
    expect(refused).not.toThrow('hunter2')
    expect(refused).toThrow(expect.objectContaining({ code: 'format-invalid' }))
  })

  test('100 MB are refused before they are looked at', () => {
    expect(() => new Source(new Uint8Array(100_000_000))).toThrow(
      `it is larger than ${maxSourceBytes / 1024 / 1024} MiB`,
    )
  })

  test('a million open brackets are a sentence', () => {
    expect(() => read('['.repeat(1_000_000))).toThrow('it ends in the middle of the JSON')
  })
})

// A reader that takes the square of the time needs longer than this limit.
test.each<[what: string, text: string]>([
  ['nothing but line ends', '\n'.repeat(3_000_000)],
  ['blanks before a value that has no quotes', `url${' '.repeat(200_000)}x y`],
  ['a header of blanks', `curl http://x.test -H '${' '.repeat(20_000)}x'`],
  ['a domain of colons', `${':'.repeat(200_000)}x\tFALSE\t/\tFALSE\t0\ta\tb`],
  ['a quoted value without end', `url = "${'a'.repeat(20_000_000)}`],
])('%s is read in one go', { timeout: 60_000 }, (_, text) => {
  for (const format of [undefined, 'curl', 'set-cookie', 'netscape']) {
    try {
      read(text, format)
    } catch (error) {
      expect(error).toMatchObject({ code: 'format-invalid' })
    }
  }
})
