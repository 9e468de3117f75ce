import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldLine, parseFieldLines } from './field-line.ts'

const tokenCharacters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const byte = (code: number) => String.fromCharCode(code)
const bytes = Array.from({ length: 256 }, (_, code) => byte(code))
const isControl = (character: string) => (character < ' ' && character !== '\t') || character === '\x7f'

function parse(text: string) {
  return parseFieldLines(text, 0, 200)
}

describe('field lines', () => {
  it('keep name, value and the line as it was sent', () => {
    expect(parse('X-A: b\r\nx-a:\t c d \t\r\nEMPTY:\r\n')).toEqual([
      { name: 'X-A', lower: 'x-a', value: 'b', raw: 'X-A: b' },
      { name: 'x-a', lower: 'x-a', value: 'c d', raw: 'x-a:\t c d \t' },
      { name: 'EMPTY', lower: 'empty', value: '', raw: 'EMPTY:' },
    ])
  })

  it('cut a value at the first colon alone', () => {
    expect(parse('A: b:c: d\r\n')[0]).toMatchObject({ name: 'A', value: 'b:c: d' })
  })

  it.each(bytes)('take byte %j in a name if it is of a token, and never else', (character) => {
    // A colon ends the name.
    if (character === ':') return
    const read = () => parse(`X${character}Y: a\r\n`)
    if (tokenCharacters.includes(character)) expect(read()[0]?.name).toBe(`X${character}Y`)
    else expect(read).toThrow('a header')
  })

  it.each(bytes)('take byte %j in a value unless it is a control character', (character) => {
    const read = () => parse(`X: a${character}b\r\n`)
    if (isControl(character)) expect(read).toThrow('the value of x has a control character')
    else expect(read()[0]?.value).toBe(`a${character}b`)
  })

  it.each([
    [' X: a\r\n', 'a header name is not a token'],
    ['\tX: a\r\n', 'a header name is not a token'],
    ['A: b\r\n c\r\n', 'a header line is folded'],
    ['A: b\r\n\tc: d\r\n', 'a header name is not a token'],
    ['A : b\r\n', 'a header name is not a token'],
    ['A\t: b\r\n', 'a header name is not a token'],
    [': b\r\n', 'a header name is not a token'],
    ['A\r\n', 'a header line has no colon'],
    ['A\r\nB: c\r\n', 'a header line has no colon'],
    ['\r\n', 'a header line has no colon'],
    ['A: b', 'a header line does not end with CRLF'],
  ])('%j are refused', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  it('are bounded in number', () => {
    expect(parse('A: b\r\n'.repeat(200))).toHaveLength(200)
    expect(() => parse('A: b\r\n'.repeat(201))).toThrow('there are too many header lines')
  })

  it('say nothing of a value in an error: it may be a secret', () => {
    expect(() => parse('Cookie: sid=hunter2\0\r\n')).toThrow(/^(?!.*hunter2)/)
  })
})

describe('a field line of our own', () => {
  it('is name, colon, space, value', () => {
    expect(fieldLine('X-A', 'b\xfc').raw).toBe('X-A: b\xfc')
  })

  it.each(['\r', '\n', '\0', '\x0b', '\x7f', '\u010a', '\u010d', '\u2028', '\r\nSet-Cookie: a=b'])(
    'never holds %j, which would be another line to somebody',
    (text) => {
      expect(() => fieldLine('X-A', `a${text}b`)).toThrow('the value of x-a has a control character')
    },
  )

  it.each(['', 'X A', 'X:', 'X\r\n', '\xfc', 'X\0'])('has no name %j', (name) => {
    expect(() => fieldLine(name, 'a')).toThrow('a header name is not a token')
  })

  it('is one line that reads back unchanged, for any value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (value) => {
        let raw: string
        try {
          raw = fieldLine('X', value).raw
        } catch {
          return
        }
        expect(parse(`${raw}\r\n`)).toMatchObject([
          { name: 'X', value: value.replace(/^[\t ]+|[\t ]+$/g, '') },
        ])
        // Nothing is lost on the way to bytes.
        expect(Buffer.from(raw, 'latin1').toString('latin1')).toBe(raw)
      }),
      { numRuns: 2_000 },
    )
  })
})
