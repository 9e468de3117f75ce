import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeadReader } from './head-reader.ts'
import { Http1Error } from './http1-error.ts'
import { encodeResponseHead, type ResponseHead } from './response-head.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

interface Read {
  readonly sent: string
  readonly rest: string
  readonly repairs: readonly string[]
}

/** Whole and byte by byte: the head that goes on, the bytes behind it, and the repairs. */
function read(text: string): Read | undefined {
  const whole = readPieces([bytes(text)])
  expect(readPieces([...bytes(text)].map((byte) => Buffer.from([byte])))).toEqual(whole)
  return whole
}

function readPieces(pieces: readonly Buffer[]): Read | undefined {
  const reader = new HeadReader<ResponseHead>('response')
  for (const [index, piece] of pieces.entries()) {
    const whole = reader.push(piece)
    if (whole === undefined) continue
    return {
      sent: encodeResponseHead(whole.head).toString('latin1'),
      rest: Buffer.concat([whole.rest, ...pieces.slice(index + 1)]).toString('latin1'),
      repairs: whole.head.repairs,
    }
  }
  return undefined
}

const ok = 'HTTP/1.1 200 OK\r\n'
const plain = `${ok}X: a\r\n\r\n`

describe('a response head that curl and Chromium read alike', () => {
  it.each([
    // The status line.
    ['http/1.1 200 OK\r\n\r\n', `${ok}\r\n`, 'the status line'],
    ['Http/1.0 200\r\n\r\n', 'HTTP/1.0 200 \r\n\r\n', 'the status line'],
    ['HTTP/2 200\r\n\r\n', 'HTTP/1.0 200 \r\n\r\n', 'the status line'],
    ['HTTP/2.0 404 No\r\n\r\n', 'HTTP/1.0 404 No\r\n\r\n', 'the status line'],
    ['HTTP/1.1  200 OK\r\n\r\n', `${ok}\r\n`, 'the status line'],
    ['HTTP/1.1 \t200\tOK\r\n\r\n', `${ok}\r\n`, 'the status line'],
    ['HTTP/1.1 200OK\r\n\r\n', `${ok}\r\n`, 'the status line'],
    ['HTTP/1.1 404-No \x01a\x7f \r\n\r\n', 'HTTP/1.1 404 -No  a\r\n\r\n', 'the status line'],
    // The ends of lines.
    ['HTTP/1.1 200 OK\nX: a\n\n', plain, 'the ends of lines'],
    ['HTTP/1.1 200 OK\nX: a\r\n\r\n', plain, 'the ends of lines'],
    [`${ok}X: a\r\n\n`, plain, 'the ends of lines'],
    [`${ok}X: a\n\r\n`, plain, 'the ends of lines'],
    [`${ok}X: a\r\r\n\r\n`, plain, 'the ends of lines'],
    [`${ok}\n`, `${ok}\r\n`, 'the ends of lines'],
    // The browser has the cookie too.
    [`${ok}X: a\nSet-Cookie: b=c\r\n\r\n`, `${ok}X: a\r\nSet-Cookie: b=c\r\n\r\n`, 'the ends of lines'],
    // Folds.
    [`${ok}X: a\r\n b\r\n\r\n`, `${ok}X: a b\r\n\r\n`, 'a folded header line'],
    [
      `${ok}X:\r\n\t a\r\n \r\n  b: c\r\nY: d\r\n\r\n`,
      `${ok}X: a  b: c\r\nY: d\r\n\r\n`,
      'a folded header line',
    ],
    [
      `${ok}Set-Cookie: a=b;\r\n Path=/\r\n\r\n`,
      `${ok}Set-Cookie: a=b; Path=/\r\n\r\n`,
      'a folded header line',
    ],
    // Names.
    [`${ok}X : a\r\n\r\n`, plain, 'a blank before a colon'],
    [`${ok}X \t: a\r\n\r\n`, plain, 'a blank before a colon'],
    [`${ok}: b\r\nX: a\r\n\r\n`, plain, 'a header line without a valid name'],
    [`${ok}X Y: b\r\nX: a\r\n\r\n`, plain, 'a header line without a valid name'],
    [`${ok}X: a\r\nX(Y): b\r\n folded: too\r\n\r\n`, plain, 'a header line without a valid name'],
    [`${ok}X\xfc: b\r\nX: a\r\n\r\n`, plain, 'a header line without a valid name'],
    [`${ok}X\x01: b\r\nX: a\r\n\r\n`, plain, 'a header line without a valid name'],
    [`${ok}Transfer-Encoding\x0b: chunked\r\nX: a\r\n\r\n`, plain, 'a header line without a valid name'],
    // Values.
    [`${ok}X: a\x01\x0b\x1b[0m\x7f\r\n\r\n`, `${ok}X: a   [0m \r\n\r\n`, 'control characters in a header'],
    [`${ok}Set-Cookie: b=\x01c\r\nX: a\r\n\r\n`, plain, 'a Set-Cookie with control characters'],
    [`${ok}Set-Cookie: b=c; Path=/\x7f\r\nX: a\r\n\r\n`, plain, 'a Set-Cookie with control characters'],
  ])('%j goes on as %j', (text, sent, repair) => {
    expect(read(`${text}rest\r\n\r\n`)).toEqual({ sent, rest: 'rest\r\n\r\n', repairs: [repair] })
  })

  it('has each repair once', () => {
    const text = 'http/1.1 200 OK\nX : a\n b\nY : c\n d\n\n'
    expect(read(text)).toMatchObject({
      sent: `${ok}X: a b\r\nY: c d\r\n\r\n`,
      repairs: ['the ends of lines', 'the status line', 'a folded header line', 'a blank before a colon'],
    })
  })

  it.each([
    ['256 KiB', `${ok}${`X: ${'a'.repeat(1_000 - 5)}\r\n`.repeat(262)}Y: ${'a'.repeat(120)}\r\n\r\n`],
    ['5,000 lines', `${ok}${'X: a\r\n'.repeat(5_000)}\r\n`],
    ['a line of 100 KiB', `${ok}Set-Cookie: a=${'b'.repeat(102_400)}\r\n\r\n`],
  ])('may have %s, and is not repaired then', (_, text) => {
    expect(readPieces([bytes(text)])).toEqual({ sent: text, rest: '', repairs: [] })
  })
})

describe('a response head that is not HTTP, or two to two readers', () => {
  it.each([
    // curl refuses it.
    'HTTP/2.1 200 OK\r\n\r\n',
    'HTTP/3 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'HTTP/1 200 OK\r\n\r\n',
    'HTTP/1.1\t200 OK\r\n\r\n',
    'HTTP/1.1 99 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP 200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    `\r\n${plain}`,
    ` ${plain}`,
    `\xef\xbb\xbf${plain}`,
    `${ok}no colon\r\n\r\n`,
    `${ok}${plain}`,
    `${ok} folded: first\r\n\r\n`,
    // Both refuse it.
    `HTTP/1.1 200 a\0b\r\n\r\n`,
    `${ok}X: a\0b\r\n\r\n`,
    `${ok}X\0: a\r\n\r\n`,
    // Another line begins for Chromium, not for curl.
    'HTTP/1.1 200 OK\rX: a\r\n\r\n',
    `${ok}X: a\rSet-Cookie: b=c\r\n\r\n`,
    `${ok}\rX: a\r\n\r\n`,
    // It ends the head for curl, not for Chromium.
    `${ok}X: a\r\n\r\r\nY: b\r\n\r\n`,
    // One reader believes the length.
    `${ok}Content-Length : 5\r\n\r\n`,
    `${ok}Transfer-Encoding : chunked\r\n\r\n`,
    `${ok}Content-Length:\r\n 5\r\n\r\n`,
    `${ok}Transfer-Encoding:\r\n chunked\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked\r\n ,gzip\r\n\r\n`,
    `${ok}Content-Length: 5\x0b\r\n\r\n`,
    `${ok}Transfer-Encoding:\x0bchunked\r\n\r\n`,
  ])('%j is refused', (text) => {
    expect(() => readPieces([bytes(text)])).toThrow(Http1Error)
    expect(() => readPieces([...bytes(text)].map((byte) => Buffer.from([byte])))).toThrow(Http1Error)
  })

  it.each([
    ['a greeting of another protocol', 'SSH-2.0-OpenSSH_9.2'],
    ['a page without a head', '<html>'],
    ['TLS', '\x16\x03\x03'],
    ['a status line that cannot be one', 'HTTP/1.1 20 OK\n'],
    ['a NUL', `${ok}X: \0`],
  ])('is refused at once: %s', (_, text) => {
    expect(() => new HeadReader<ResponseHead>('response').push(bytes(text))).toThrow(Http1Error)
  })

  it.each([
    ['256 KiB', `${ok}${`X: ${'a'.repeat(1_000 - 5)}\r\n`.repeat(262)}Y: ${'a'.repeat(121)}\r\n\r\n`],
    ['5,000 lines', `${ok}${'X: a\r\n'.repeat(5_001)}\r\n`],
    ['5,000 lines that need repair', `${ok}${'X: a\n'.repeat(5_001)}\n`],
  ])('is refused above %s', (_, text) => {
    expect(() => readPieces([bytes(text)])).toThrow(expect.objectContaining({ status: 431 }))
  })
})

it('a repaired head is one that needs no repair', () => {
  const piece = fc.constantFrom(
    ...['HTTP/1.1 200 OK', 'http/1.0 404', 'X', 'Set-Cookie', 'Content-Length', ':', ' ', '\t', 'a=b', '\n', '\r\n', '\r', '\x01', '\xfc', '('], // biome-ignore format: one line
  )
  const text = fc.array(piece, { maxLength: 15 }).map((pieces) => `HTTP/1.1 200 OK\n${pieces.join('')}\n\n`)
  fc.assert(
    fc.property(text, (text) => {
      let first: Read | undefined
      try {
        first = readPieces([bytes(text)])
      } catch (error) {
        expect(error).toBeInstanceOf(Http1Error)
        return
      }
      expect(first?.repairs).not.toEqual([])
      expect(readPieces([bytes(first?.sent ?? '')])).toEqual({ sent: first?.sent, rest: '', repairs: [] })
    }),
    { numRuns: 5_000 },
  )
})
