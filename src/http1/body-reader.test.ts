import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyReader, type BodyReaderOptions } from './body-reader.ts'
import type { Framing } from './framing.ts'
import { Http1Error } from './http1-error.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const chunked: Framing = { kind: 'chunked' }

interface Read {
  /** The bytes that go on. */
  readonly out: string
  /** The bytes of the next message. */
  readonly rest: string
  readonly done: boolean
}

function read(reader: BodyReader, pieces: readonly Buffer[]): Read {
  let out = ''
  let rest = ''
  for (const piece of pieces) {
    const part = reader.push(piece)
    out += Buffer.concat(part.out).toString('latin1')
    rest += piece.subarray(part.used).toString('latin1')
  }
  return { out, rest, done: reader.done }
}

function readChunked(text: string, options?: BodyReaderOptions): Read {
  const whole = read(new BodyReader(chunked, options), [bytes(text)])
  const single = read(
    new BodyReader(chunked, options),
    [...bytes(text)].map((byte) => Buffer.from([byte])),
  )
  expect(single).toEqual(whole)
  return whole
}

describe('a body by length', () => {
  it('ends where it says, and the rest is the next message', () => {
    const reader = new BodyReader({ kind: 'length', length: 5 })
    expect(read(reader, [bytes('he'), bytes('lloGET /')])).toEqual({
      out: 'hello',
      rest: 'GET /',
      done: true,
    })
    expect(reader.push(bytes('more'))).toEqual({ out: [], used: 0, done: true })
  })

  it('of nothing is done at once', () => {
    expect(new BodyReader({ kind: 'length', length: 0 }).done).toBe(true)
    expect(new BodyReader({ kind: 'none' }).done).toBe(true)
  })

  it('is relayed as it came, without a copy', () => {
    const piece = bytes('hello')
    const { out } = new BodyReader({ kind: 'length', length: 10 }).push(piece)
    expect(out[0]).toBe(piece)
  })

  it('that is short is seen to be short', () => {
    const reader = new BodyReader({ kind: 'length', length: 5 })
    reader.push(bytes('hell'))
    expect(reader.end()).toBe('truncated')
    reader.push(bytes('o'))
    expect(reader.end()).toBe('complete')
  })
})

describe('a body until close', () => {
  it('is everything, and complete when the sender closes', () => {
    const reader = new BodyReader({ kind: 'close' })
    expect(read(reader, [bytes('a'), bytes('b')])).toEqual({ out: 'ab', rest: '', done: false })
    expect(reader.end()).toBe('complete')
    expect(reader.done).toBe(true)
  })
})

describe('a body by chunks', () => {
  it.each([
    ['0\r\n\r\n'],
    ['5\r\nhello\r\n0\r\n\r\n'],
    ['00005\r\nhello\r\n000\r\n\r\n'],
    ['a\r\n0123456789\r\nA\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n'],
    ['5;a\r\nhello\r\n0;b=c\r\n\r\n'],
    ['5;a=b;c="d\te \\" \xff;";f=g\r\nhello\r\n0\r\n\r\n'],
    ['1\r\n\0\r\n1\r\n\n\r\n0\r\n\r\n'],
    [`5;${'a'.repeat(1_024 - 4)}\r\nhello\r\n0\r\n\r\n`],
    ['0\r\nGrpc-Status: 0\r\nX-A:b\r\n\r\n'],
  ])('%j is relayed as it came, and the rest is the next message', (text) => {
    expect(readChunked(text)).toEqual({ out: text, rest: '', done: true })
    const piece = bytes(`${text}GET / HTTP/1.1\r\n`)
    const part = new BodyReader(chunked).push(piece)
    expect(Buffer.concat(part.out).toString('latin1')).toBe(text)
    expect(part).toMatchObject({ used: text.length, done: true })
  })

  it.each([
    ['5 ; a\r\nhello\r\n0\r\n\r\n', '5;a\r\nhello\r\n0\r\n\r\n'],
    [
      '5\t;\ta \t=\t b;c = "d ; e = \\" "\r\nhello\r\n0\r\n\r\n',
      '5;a=b;c="d ; e = \\" "\r\nhello\r\n0\r\n\r\n',
    ],
    ['5\r\nhello\r\n0 ;a\r\nX: b\r\n\r\n', '5\r\nhello\r\n0;a\r\nX: b\r\n\r\n'],
  ])('%j loses the blanks around ; and = (RFC 9110, 5.6.3)', (text, plain) => {
    for (const mend of [false, true]) {
      expect(readChunked(`${text}next`, { mend })).toEqual({ out: plain, rest: 'next', done: true })
    }
  })

  it('is relayed without a copy, as one slice', () => {
    const piece = bytes('5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\nnext')
    const { out } = new BodyReader(chunked).push(piece)
    expect(out).toHaveLength(1)
    expect(out[0]?.buffer).toBe(piece.buffer)
  })

  const badLine = 'a chunk line is not a hexadecimal size with extensions'
  it.each([
    ['no size', '', '\r\n', badLine],
    ['an extension without size', '', ';a\r\n', badLine],
    ['a sign', '', '+5\r\n', badLine],
    ['a negative size', '', '-5\r\n', badLine],
    ['0x', '', '0x5\r\n', badLine],
    ['an underscore', '', '5_0\r\n', badLine],
    ['no hexadecimal digit', '', 'g\r\n', badLine],
    ['a decimal point', '', '5.\r\n', badLine],
    ['a leading space', '', ' 5\r\n', badLine],
    ['a trailing space', '', '5 \r\n', badLine],
    ['a trailing tab', '', '5\t\r\n', badLine],
    ['a vertical tab', '', '5\x0b\r\n', badLine],
    ['a space in the name of an extension', '', '5;a b\r\n', badLine],
    ['a space behind an extension', '', '5;a \r\n', badLine],
    ['an extension without name', '', '5;\r\n', badLine],
    ['an extension with an empty value', '', '5;a=\r\n', badLine],
    ['an open quote', '', '5;a="b\r\n', badLine],
    ['something behind a quote', '', '5;a="b"c\r\n', badLine],
    ['a NUL in an extension', '', '5;a\0b\r\n', badLine],
    ['a NUL in a quote', '', '5;a="\0"\r\n', badLine],
    ['a CR in an extension', '', '5;a\rb\r\n', badLine],
    ['a CR in a quote', '', '5;a="\r"\r\n', badLine],
    ['two sizes', '', '5,5\r\n', badLine],
    ['a size beyond 2^53', '', '20000000000000\r\n', 'a chunk size is too large'],
    ['a size of 2^64 - 1', '', 'ffffffffffffffff\r\n', 'a chunk size is too large'],
    ['a size that wraps to 5 in 64 bits', '', '10000000000000005\r\n', badLine],
    ['an endless line of zeros', '', `${'0'.repeat(17)}5\r\n`, badLine],
    ['a bare LF', '', '5\nhello\r\n', 'an LF without CR'],
    ['a bare LF in an extension', '', '5;a\nhello\r\n', 'an LF without CR'],
    ['data longer than its size', '5\r\nhello', '!\r\n', 'chunk data is longer than its size'],
    ['data shorter than its size', '5\r\nhell\r', '\n0\r\n\r\n', 'an LF without CR'],
    ['a bare LF behind data', '5\r\nhello', '\n0\r\n\r\n', 'an LF without CR'],
    ['any two bytes behind data', '5\r\nhello', 'XX0\r\n\r\n', 'chunk data is longer than its size'],
    ['another CR behind data', '5\r\nhello', '\r\r\n0\r\n\r\n', 'chunk data is longer than its size'],
    ['a line too long', '', `5;${'a'.repeat(1_024)}\r\n`, 'a chunk line is too long'],
    ['a line without end', '', `5;${'a'.repeat(1_100)}`, 'a chunk line is too long'],
    ['an invalid trailer', '0\r\n', 'X\r\n\r\n', 'a header line has no colon'],
    [
      'the next request instead of the empty line',
      '0\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      'not a token|no colon',
    ],
    ['a folded trailer', '0\r\n', 'X: a\r\n b\r\n\r\n', 'a header line is folded'],
    ['a blank before a trailer', '0\r\n', ' X: a\r\n\r\n', 'a header name is not a token'],
    ['a bare LF in a trailer', '0\r\n', 'X: a\nY: b\r\n\r\n', 'control character|an LF without CR'],
    ['a bare LF behind the last chunk', '0\r\n', '\n', 'an LF without CR'],
    ['a NUL in a trailer', '0\r\n', 'X: \0\r\n\r\n', 'control character'],
    ['a length in the trailers', '0\r\n', 'Content-Length: 5\r\n\r\n', 'a length in the trailers'],
    ['a coding in the trailers', '0\r\n', 'Transfer-Encoding: chunked\r\n\r\n', 'a length in the trailers'],
    ['trailers too large', '0\r\n', `X: ${'a'.repeat(16_384)}\r\n\r\n`, 'the trailers are too large'],
    ['trailers without end', '0\r\n', `X: ${'a'.repeat(17_000)}`, 'the trailers are too large'],
    ['too many trailers', '0\r\n', `${'X: a\r\n'.repeat(201)}\r\n`, 'too many header lines'],
  ])('with %s is refused, and the next hop sees what came before it alone', (_, good, bad, message) => {
    expect(() => new BodyReader(chunked).push(bytes(good + bad))).toThrow(new RegExp(message))
    const reader = new BodyReader(chunked)
    let out = ''
    // A byte may say so before the line is whole: another message, the same end.
    expect(() => {
      for (const byte of bytes(good + bad))
        out += Buffer.concat(reader.push(Buffer.from([byte])).out).toString('latin1')
    }).toThrow(Http1Error)
    expect(out).toBe(good)
    expect(() => reader.push(bytes('0\r\n\r\n'))).toThrow('the body was malformed')
    expect(reader.end()).toBe('truncated')
  })

  it.each([
    ['in a size', '', 'g'],
    ['in an extension', '', '5;\0'],
    ['behind data', '5\r\nhello', '!'],
    ['in a trailer', '0\r\n', 'X: \0'],
    ['in the empty line', '0\r\n', '\r!'],
  ])('that goes wrong %s is refused at that byte, not when its line ends', (_, good, bad) => {
    const reader = new BodyReader(chunked)
    for (const byte of good) reader.push(bytes(byte))
    expect(() => reader.push(bytes(bad))).toThrow(Http1Error)
  })

  it.each([
    ['1,024 bytes of chunk line', `1;${'a'.repeat(1_020)}\r\n`, true],
    ['a byte more of it', `1;${'a'.repeat(1_021)}\r\n`, false],
    ['16,384 bytes of trailers', `0\r\nX: ${'a'.repeat(16_377)}\r\n\r\n`, true],
    ['a byte more of them', `0\r\nX: ${'a'.repeat(16_378)}\r\n\r\n`, false],
    ['200 trailers', `0\r\n${'X: a\r\n'.repeat(200)}\r\n`, true],
    ['201 trailers', `0\r\n${'X: a\r\n'.repeat(201)}\r\n`, false],
  ])('draws the line at %s, whole or in pieces', (_, text, taken) => {
    for (const size of [text.length, 10_000, 1_000, 1]) {
      const reader = new BodyReader(chunked)
      const feed = () => {
        for (let at = 0; at < text.length; at += size) reader.push(bytes(text.slice(at, at + size)))
      }
      if (taken) expect(feed).not.toThrow()
      else expect(feed).toThrow(expect.objectContaining({ status: 431 }))
    }
  })

  it.each([
    ['5  \r\nhello\r\n0 \r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['5\nhello\n0\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['5 ;a\nhello\r\n0\r\n\r\n', '5;a\r\nhello\r\n0\r\n\r\n'],
    ['5;\r\nhello\r\n0;a b="\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['5;a\0\rb\r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['5;a\r\r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['0\r\nX: a\nY : b\n\r\n', '0\r\nX: a\r\nY: b\r\n\r\n'],
    ['0\r\nX: a\r\n b\r\n\n', '0\r\nX: a b\r\n\r\n'],
    ['0\r\n folded\r\n\ttwice\r\nX: a\r\n\r\n', '0\r\nX: a\r\n\r\n'],
    ['0\r\nX Y: a\r\nX: \x01\r\n\r\n', '0\r\nX:  \r\n\r\n'],
    ['0\r\nContent-Length: 5\r\nX: a\r\nTransfer-Encoding: chunked\r\n\r\n', '0\r\nX: a\r\n\r\n'],
  ])('of a response is repaired where curl and Chromium read it alike: %j', (text, plain) => {
    expect(readChunked(`${text}next`, { mend: true })).toEqual({ out: plain, rest: 'next', done: true })
    const reader = new BodyReader(chunked, { mend: true })
    reader.push(bytes(text))
    expect([...reader.repairs]).toHaveLength(1)
    expect(() => readChunked(text)).toThrow(Http1Error)
  })

  it('of a response may have long extensions and trailers', () => {
    const text = `5;${'a'.repeat(16_384 - 4)}\r\nhello\r\n0\r\n${`X: ${'a'.repeat(100)}\r\n`.repeat(300)}\r\n`
    const reader = new BodyReader(chunked, { mend: true })
    expect(read(reader, [bytes(text)])).toEqual({ out: text, rest: '', done: true })
    expect([...reader.repairs]).toEqual([])
  })

  it.each([
    ['', ' 5\r\n'],
    ['', '5\t\r\n'],
    ['', '5 x\r\n'],
    ['', '5x\r\n'],
    ['', '0x5\r\n'],
    ['', '-5\r\n'],
    ['', '\r\n'],
    ['', '5\r\r\n'],
    ['', '10000000000000005\r\n'],
    ['', 'ffffffffffffffff\r\n'],
    ['5\r\nhello', 'XX\r\n'],
    ['5\r\nhello', '\r\r\n'],
    ['5\r\nhello', '0\r\n\r\n'],
    ['0\r\n', 'no colon\r\n\r\n'],
    ['0\r\n', 'X: \0\r\n\r\n'],
    ['0\r\n', 'X: a\rY: b\r\n\r\n'],
  ])('of a response is refused where they do not: %j, then %j', (good, bad) => {
    const whole = new BodyReader(chunked, { mend: true })
    expect(() => whole.push(bytes(good + bad))).toThrow(Http1Error)
    const reader = new BodyReader(chunked, { mend: true })
    let out = ''
    expect(() => {
      for (const byte of bytes(good + bad))
        out += Buffer.concat(reader.push(Buffer.from([byte])).out).toString('latin1')
    }).toThrow(Http1Error)
    expect(out).toBe(good)
  })

  it.each([
    ['a chunk line', `5;${'a'.repeat(16_384)}`],
    ['trailers', `0\r\nX: ${'a'.repeat(262_144)}`],
  ])('of a response is refused with %s beyond the bound, before it is whole', (_, text) => {
    const reader = new BodyReader(chunked, { mend: true })
    const feed = () => {
      for (let at = 0; at < text.length; at += 1_000) reader.push(bytes(text.slice(at, at + 1_000)))
    }
    expect(feed).toThrow(expect.objectContaining({ status: 431 }))
  })

  it('may have a chunk larger than 32 bits count', () => {
    const reader = new BodyReader(chunked)
    expect(read(reader, [bytes('100000005\r\nhello\r\n')])).toMatchObject({
      out: '100000005\r\nhello\r\n',
      done: false,
    })
  })

  it('that is short is seen to be short, wherever it is cut', () => {
    const text = '5;a\r\nhello\r\n0\r\nX: a\r\n\r\n'
    for (let length = 0; length < text.length; length += 1) {
      const reader = new BodyReader(chunked)
      reader.push(bytes(text.slice(0, length)))
      expect(reader.end()).toBe('truncated')
    }
  })

  it('of any chunks is relayed as it came, however the bytes are cut', () => {
    const data = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 20 })
    const extension = fc.constantFrom('', ';a', ';a=b', ';a="b;c"')
    const text = fc
      .tuple(
        fc.array(fc.tuple(data, extension), { maxLength: 5 }),
        fc.constantFrom('', 'X: a\r\n', 'X: a\r\nY:\r\n'),
      )
      .map(
        ([chunks, trailers]) =>
          `${chunks.map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`).join('')}0\r\n${trailers}\r\n`,
      )
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 4 }), (text, cuts) => {
        const whole = bytes(`${text}next`)
        const borders = [...new Set([0, ...cuts.map((cut) => cut % whole.length), whole.length])].sort(
          (a, b) => a - b,
        )
        const pieces = borders.slice(1).map((border, index) => whole.subarray(borders[index], border))
        expect(read(new BodyReader(chunked), pieces)).toEqual({ out: text, rest: 'next', done: true })
        expect(readChunked(`${text}next`)).toEqual({ out: text, rest: 'next', done: true })
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('trailers', () => {
  it('lose the fields that must not follow a body, and keep the rest unchanged', () => {
    const kept = ['Grpc-Status:0', 'X-A:  b ', 'digest: c']
    const dropped = [
      'Set-Cookie: a=b',
      'SET-COOKIE2: a=b',
      'Cookie: a=b',
      'Authorization: Bearer a',
      'WWW-Authenticate: Basic',
      'Clear-Site-Data: "cookies"',
      'Host: b.example',
      'Trailer: X-A',
      'Connection: x-b',
      'X-B: named by Connection',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Upgrade: h2c',
      'Proxy-Authorization: Basic a',
      'Proxy-Authenticate: Basic',
      'Proxy-Authentication-Info: a',
      'Authentication-Info: a',
      'Expect: 100-continue',
      'Proxy-Connection: close',
      'HTTP2-Settings: a',
      'X-HTTP-Method-Override: DELETE',
      'X_Original_URL: /admin',
    ]
    const [first = '', ...others] = kept
    const text = [first, ...dropped, ...others].map((line) => `${line}\r\n`).join('')
    const expected = kept.map((line) => `${line}\r\n`).join('')
    expect(readChunked(`0\r\n${text}\r\nnext`)).toEqual({
      out: `0\r\n${expected}\r\n`,
      rest: 'next',
      done: true,
    })
  })

  it('are filtered by the reader of the body', () => {
    const filterTrailers: BodyReaderOptions['filterTrailers'] = (fields) =>
      fields.filter(({ lower }) => !lower.startsWith('hallpass-'))
    const text = '0\r\nHallpass-Captured: a\r\nX: b\r\n\r\n'
    expect(readChunked(text, { filterTrailers }).out).toBe('0\r\nX: b\r\n\r\n')
    expect(readChunked('0\r\nHallpass-Error: a\r\n\r\n', { filterTrailers }).out).toBe('0\r\n\r\n')
  })
})
