import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeadReader } from './head-reader.ts'
import { Http1Error } from './http1-error.ts'
import { encodeRequestHead, type RequestHead } from './request-head.ts'
import { encodeResponseHead, type ResponseHead } from './response-head.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

function request(text: string): RequestHead {
  const read = new HeadReader<RequestHead>('request').push(bytes(text))
  if (read === undefined) throw new Error('not whole')
  return read.head
}

function response(text: string): ResponseHead {
  const read = new HeadReader<ResponseHead>('response').push(bytes(text))
  if (read === undefined) throw new Error('not whole')
  return read.head
}

/** The result of reading these pieces: the head and the rest, an error, or nothing yet. */
function outcome(kind: 'request' | 'response', pieces: readonly Buffer[]): string {
  const reader =
    kind === 'request' ? new HeadReader<RequestHead>('request') : new HeadReader<ResponseHead>('response')
  try {
    for (const [index, piece] of pieces.entries()) {
      const read = reader.push(piece)
      if (read === undefined) continue
      return JSON.stringify([
        read.head,
        Buffer.concat([read.rest, ...pieces.slice(index + 1)]).toString('latin1'),
      ])
    }
  } catch (error) {
    if (error instanceof Http1Error) return 'refused'
    throw error
  }
  return `started: ${reader.started}`
}

const ordinary = 'GET /a?b HTTP/1.1\r\nHost: a.example\r\nX-A: b\r\n\r\n'

describe('a request head', () => {
  it('is read', () => {
    expect(request(ordinary)).toMatchObject({
      method: 'GET',
      target: '/a?b',
      minor: 1,
      fields: [
        { name: 'Host', value: 'a.example' },
        { name: 'X-A', value: 'b' },
      ],
    })
  })

  it('goes out as it came', () => {
    const odd = 'M-SEARCH /\xfc HTTP/1.0\r\nhOST:a.example\r\nX:\r\nX: \xfc \t\r\nx:  b\r\n\r\n'
    expect(encodeRequestHead(request(odd)).toString('latin1')).toBe(odd)
  })

  it.each([
    ['GET /\r\n\r\n', 400, 'the request line is not'],
    ['GET / HTTP/1.1\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET /  HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    [' GET / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET / http/1.1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET / HTTP/1.10\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET / HTTP/1,1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['GET / HTTP/+1.1\r\nHost: a\r\n\r\n', 400, 'the request line is not'],
    ['G(T / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the method is not a token'],
    ['G\0T / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the method is not a token'],
    ['GET / HTTP/0.9\r\nHost: a\r\n\r\n', 505, 'only HTTP/1.0 and HTTP/1.1'],
    ['GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505, 'only HTTP/1.0 and HTTP/1.1'],
    ['PRI * HTTP/2.0\r\n\r\n', 505, 'only HTTP/1.0 and HTTP/1.1'],
    ['GET a HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request target is not in a form'],
    ['GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request target is not in a form'],
    ['GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request target is not in a form'],
    ['CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'the request target is not in a form'],
    ['GET / HTTP/1.1\r\n\r\n', 400, 'there is no Host'],
    ['GET http://a/ HTTP/1.1\r\n\r\n', 400, 'there is no Host'],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400, 'there is more than one Host'],
    ['GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n', 400, 'there is more than one Host'],
    ['GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'there is more than one Host'],
    ['GET / HTTP/1.1\r\nHost:\r\n\r\n', 400, 'Host is not'],
    ['GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400, 'Host is not'],
    ['GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 400, 'Host is not'],
    ['GET / HTTP/1.0\r\nHost: a b\r\n\r\n', 400, 'Host is not'],
    ['GET / HTTP/1.1\r\n Host: a\r\n\r\n', 400, 'a header name is not a token'],
    ['GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n', 400, 'a header name is not a token'],
    ['GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n', 400, 'a header line is folded'],
    ['GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n', 400, 'the value of x has a control character'],
    ['GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n', 400, 'the value of x has a control character'],
    ['GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400, 'the value of x has a control character'],
  ])('%j is refused with %i', (text, status, message) => {
    expect(() => request(text)).toThrow(
      expect.objectContaining({ status, message: expect.stringContaining(message) }),
    )
  })

  it('of HTTP/1.0 needs no Host', () => {
    expect(request('GET / HTTP/1.0\r\n\r\n').minor).toBe(0)
  })

  it('cannot be sent with a target or a method that somebody put a line into', () => {
    const head = request(ordinary)
    for (const text of ['/a\r\nX: b', '/a b', '/a\u010ab', '']) {
      expect(() => encodeRequestHead({ ...head, target: text })).toThrow('the request line cannot be sent')
    }
    expect(() => encodeRequestHead({ ...head, method: 'GET /\r\n' })).toThrow(
      'the request line cannot be sent',
    )
  })
})

describe('a response head', () => {
  it('is read', () => {
    expect(response('HTTP/1.0 404 Not \xfcbel\r\nX: b\r\n\r\n')).toMatchObject({
      minor: 0,
      status: 404,
      reason: 'Not \xfcbel',
      fields: [{ name: 'X', value: 'b' }],
    })
  })

  it.each([
    'HTTP/1.1 200\r\n\r\n',
    'HTTP/1.1 200 \r\nx:y\r\n\r\n',
    'HTTP/1.0 599 a\tb \xff\r\n\r\n',
    'HTTP/1.1 999 A\r\n\r\n',
  ])('%j goes out as it came', (text) => {
    expect(encodeResponseHead(response(text)).toString('latin1')).toBe(text)
  })

  it.each([
    'HTTP/1.1 99 A\r\n\r\n',
    'HTTP/1.1 099 A\r\n\r\n',
    'HTTP/1.1 2000 A\r\n\r\n',
    'HTTP/1.1 +20 A\r\n\r\n',
    'HTTP/1.1 20x A\r\n\r\n',
    'HTTP/1.1\t200 A\r\n\r\n',
    'HTTP/1.2 200 A\r\n\r\n',
    'HTTP/2.1 200 A\r\n\r\n',
    'HTTP/3 200 A\r\n\r\n',
    'ICY 200 A\r\n\r\n',
    '\r\nHTTP/1.1 200 A\r\n\r\n',
    ' HTTP/1.1 200 A\r\n\r\n',
    'HTTP/1.1 200 A\0\r\n\r\n',
    'HTTP/1.1 200 A\rSet-Cookie: a=b\r\n\r\n',
    'HTTP/1.1 200 A\r\n X: b\r\n\r\n',
    'HTTP/1.1 200 A\r\nX\r\n\r\n',
    '<html>\r\n\r\n',
  ])('%j is refused', (text) => {
    expect(() => response(text)).toThrow(Http1Error)
  })

  it('cannot be sent with a reason that somebody put a line into', () => {
    const head = response('HTTP/1.1 200 OK\r\n\r\n')
    for (const startLine of [
      'HTTP/1.1 200 OK\r\nX: b',
      'HTTP/1.1 200 \u010a',
      'HTTP/1.1 200 \0',
      'HTTP/1.1 1000',
    ]) {
      expect(() => encodeResponseHead({ ...head, startLine })).toThrow('the status line cannot be sent')
    }
  })
})

describe('a head reader', () => {
  it('hands back the bytes behind the head, and reads the next head from them', () => {
    const reader = new HeadReader<RequestHead>('request')
    const first = reader.push(bytes(`${ordinary}${ordinary}rest`))
    expect(first?.rest.toString()).toBe(`${ordinary}rest`)
    const second = reader.push(first?.rest ?? bytes(''))
    expect(second?.rest.toString()).toBe('rest')
    expect(second?.head).toEqual(first?.head)
  })

  it('says whether it is inside a head', () => {
    const reader = new HeadReader<RequestHead>('request')
    expect(reader.started).toBe(false)
    reader.push(bytes('G'))
    expect(reader.started).toBe(true)
    reader.push(bytes(ordinary.slice(1)))
    expect(reader.started).toBe(false)
    reader.push(bytes('\r\n'))
    expect(reader.started).toBe(false)
  })

  it('skips one empty line before a request, for the clients that send one behind a body', () => {
    const reader = new HeadReader<RequestHead>('request')
    for (let turn = 0; turn < 3; turn += 1) {
      expect(reader.push(bytes(`\r\n${ordinary}`))?.head.target).toBe('/a?b')
    }
    expect(() => reader.push(bytes(`\r\n\r\n${ordinary}`))).toThrow('there are empty lines')
    const single = new HeadReader<RequestHead>('request')
    for (const byte of '\r\n') single.push(bytes(byte))
    expect(() => single.push(bytes('\r\n'))).toThrow('there are empty lines')
  })

  it('is finished after an error', () => {
    const reader = new HeadReader<RequestHead>('request')
    expect(() => reader.push(bytes('GET / HTTP/3.0\r\n'))).toThrow(Http1Error)
    expect(() => reader.push(bytes(ordinary))).toThrow('only HTTP/1.0 and HTTP/1.1')
  })

  it.each([
    ['a TLS handshake', '\x16\x03\x01', 'control character'],
    ['a NUL', 'GET / HT\0', 'control character'],
    ['a bare LF', 'GET / HTTP/1.1\n', 'an LF without CR'],
    ['a bare CR', 'GET / HTTP/1.1\rH', 'a CR without LF'],
    ['a version not spoken', 'GET / HTTP/3.0\r\n', 'only HTTP/1.0'],
    ['an invalid start line', 'EHLO a.example\r\n', 'the request line is not'],
    ['a field without colon', 'GET / HTTP/1.1\r\nHost: a\r\nX\r\n', 'no colon'],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n', 'folded'],
  ])('refuses %s before the head is whole: its sender may wait for the answer', (_, text, message) => {
    expect(() => new HeadReader<RequestHead>('request').push(bytes(text))).toThrow(message)
    const reader = new HeadReader<RequestHead>('request')
    expect(() => {
      for (const byte of text) reader.push(bytes(byte))
    }).toThrow(message)
  })

  it.each([
    ['an endless start line', () => 'GET /', () => 'a'.repeat(1_000), 17_500],
    ['an endless field', () => 'GET / HTTP/1.1\r\nX: ', () => 'a'.repeat(1_000), 67_000],
    [
      'endless fields',
      () => 'GET / HTTP/1.1\r\n',
      (turn: number) => `X-${turn}: ${'a'.repeat(990)}\r\n`,
      67_000,
    ],
  ])('refuses %s with 431, and holds no more than its bound', (_, begin, more, bound) => {
    const reader = new HeadReader<RequestHead>('request')
    reader.push(bytes(begin()))
    let sent = 0
    const flood = () => {
      for (let turn = 0; turn < 1_000; turn += 1) {
        const piece = bytes(more(turn))
        sent += piece.length
        reader.push(piece)
      }
    }
    expect(flood).toThrow(expect.objectContaining({ status: 431 }))
    expect(sent).toBeLessThan(bound)
  })

  it.each([
    ['65,536 bytes', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(65_536 - 32)}\r\n\r\n`, true],
    ['65,537 bytes', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(65_537 - 32)}\r\n\r\n`, false],
    ['200 fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: a\r\n'.repeat(199)}\r\n`, true],
    ['201 fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: a\r\n'.repeat(200)}\r\n`, false],
    ['16 KiB of start line', `GET /${'a'.repeat(16_384 - 14)} HTTP/1.1\r\nHost: a\r\n\r\n`, true],
    ['a byte more of it', `GET /${'a'.repeat(16_385 - 14)} HTTP/1.1\r\nHost: a\r\n\r\n`, false],
  ])('draws the line at %s, whole or in pieces', (_, text, taken) => {
    for (const size of [text.length, 1_000, 1]) {
      const reader = new HeadReader<RequestHead>('request')
      let read = false
      const feed = () => {
        for (let at = 0; at < text.length; at += size)
          read = reader.push(bytes(text.slice(at, at + size))) !== undefined
      }
      if (taken) expect(feed).not.toThrow()
      else expect(feed).toThrow(expect.objectContaining({ status: 431 }))
      expect(read).toBe(taken)
    }
  })

  it('draws it for a status line as well', () => {
    const line = (length: number) => `HTTP/1.1 200 ${'a'.repeat(length - 13)}\r\n\r\n`
    expect(response(line(102_400)).status).toBe(200)
    expect(() => response(line(102_401))).toThrow(expect.objectContaining({ status: 431 }))
  })

  it('reads the same however the bytes are cut', () => {
    const piece = fc.constantFrom(
      ...[
        'GET / HTTP/1.1',
        'HTTP/1.1 200 OK',
        '\r\n',
        '\r\n',
        '\r\n\r\n',
        'Host: a',
        'X: b',
        ' c',
        '\r',
        '\n',
        '\0',
        ':',
        'x',
      ],
    )
    const text = fc.array(piece, { minLength: 1, maxLength: 10 }).map((pieces) => pieces.join(''))
    const kind = fc.constantFrom('request' as const, 'response' as const)
    fc.assert(
      fc.property(kind, text, fc.array(fc.nat(100), { maxLength: 4 }), (kind, text, cuts) => {
        const whole = bytes(text)
        const expected = outcome(kind, [whole])
        const single = [...whole].map((byte) => Buffer.from([byte]))
        expect(outcome(kind, single)).toBe(expected)
        const borders = [...new Set([0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length])].sort(
          (a, b) => a - b,
        )
        const pieces = borders.slice(1).map((border, index) => whole.subarray(borders[index], border))
        expect(outcome(kind, pieces)).toBe(expected)
      }),
      { numRuns: 5_000 },
    )
  })

  it('reads and encodes without a change', () => {
    const name = fc.string({ unit: fc.constantFrom(...'abXY-_.!1'), minLength: 1, maxLength: 8 })
    const value = fc.string({ unit: fc.constantFrom(...'aZ0 \t:;,="\x80\xff'), maxLength: 12 })
    const field = fc.tuple(name, value).filter(([name]) => name.toLowerCase() !== 'host')
    fc.assert(
      fc.property(fc.array(field, { maxLength: 6 }), (fields) => {
        const text = `GET / HTTP/1.1\r\nHost: a\r\n${fields.map(([name, value]) => `${name}:${value}\r\n`).join('')}\r\n`
        const head = request(text)
        expect(encodeRequestHead(head).toString('latin1')).toBe(text)
        expect(head.fields.slice(1).map(({ name, value }) => [name, value])).toEqual(
          fields.map(([name, value]) => [name, value.replace(/^[\t ]+|[\t ]+$/g, '')]),
        )
      }),
    )
  })
})
