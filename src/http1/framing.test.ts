import { describe, expect, it } from 'vitest'
import { requestFraming, responseFraming } from './framing.ts'
import { parseRequestHead } from './request-head.ts'
import { parseResponseHead } from './response-head.ts'

function request(fields: string, { method = 'POST', minor = 1 } = {}) {
  const target = method === 'CONNECT' ? 'a.example:443' : '/'
  return requestFraming(
    parseRequestHead(`${method} ${target} HTTP/1.${minor}\r\nHost: a.example\r\n${fields}`),
  )
}

function response(fields: string, { method = 'GET', status = 200, minor = 1 } = {}) {
  return responseFraming(parseResponseHead(`HTTP/1.${minor} ${status} X\r\n${fields}`), method)
}

const length = (length: number) => ({ kind: 'length', length })
const cl = (value: string) => `Content-Length: ${value}\r\n`
const te = (value: string) => `Transfer-Encoding: ${value}\r\n`

/** Heads that no request and no response may have (RFC 9112, 6.1 to 6.3). */
const contradictions: readonly (readonly [string, number, string])[] = [
  [cl('5') + te('chunked'), 400, 'both Content-Length and Transfer-Encoding'],
  [te('chunked') + cl('5'), 400, 'both Content-Length and Transfer-Encoding'],
  [te('chunked') + cl('0'), 400, 'both Content-Length and Transfer-Encoding'],
  [te('identity') + cl('5'), 400, 'both Content-Length and Transfer-Encoding'],
  [cl('5') + cl('5'), 400, 'more than one Content-Length'],
  [`${cl('5')}content-LENGTH: 6\r\n`, 400, 'more than one Content-Length'],
  [cl(''), 400, 'not a plain decimal number'],
  [cl('+5'), 400, 'not a plain decimal number'],
  [cl('-5'), 400, 'not a plain decimal number'],
  [cl('-0'), 400, 'not a plain decimal number'],
  [cl('05'), 400, 'not a plain decimal number'],
  [cl('0x5'), 400, 'not a plain decimal number'],
  [cl('5.0'), 400, 'not a plain decimal number'],
  [cl('5e3'), 400, 'not a plain decimal number'],
  [cl('5, 5'), 400, 'not a plain decimal number'],
  [cl('5 5'), 400, 'not a plain decimal number'],
  [cl('5;'), 400, 'not a plain decimal number'],
  [cl('"5"'), 400, 'not a plain decimal number'],
  [cl('\xa05'), 400, 'not a plain decimal number'],
  [cl('1_000'), 400, 'not a plain decimal number'],
  [cl('\xb2'), 400, 'not a plain decimal number'],
  [cl('9007199254740993'), 400, 'not a plain decimal number'],
  [cl('18446744073709551621'), 400, 'not a plain decimal number'],
  [te('chunked') + te('chunked'), 400, 'not exactly chunked'],
  [te('chunked') + te('identity'), 400, 'not exactly chunked'],
  [te('identity') + te('chunked'), 400, 'not exactly chunked'],
  [te('chunked') + te(''), 400, 'not exactly chunked'],
  [te('') + te('chunked'), 400, 'not exactly chunked'],
  [te('chunked') + te('gzip'), 400, 'not exactly chunked'],
  [te(''), 400, 'not exactly chunked'],
  [te('xchunked'), 400, 'not exactly chunked'],
  [te('chunkedx'), 400, 'not exactly chunked'],
  [te('chunked,'), 400, 'not exactly chunked'],
  [te(',chunked'), 400, 'not exactly chunked'],
  [te('chunked, identity'), 400, 'not exactly chunked'],
  [te('identity, chunked'), 400, 'not exactly chunked'],
  [te('chunked, chunked'), 400, 'not exactly chunked'],
  [te('chunked, gzip'), 400, 'not exactly chunked'],
  [te('chunked;q=1'), 400, 'not exactly chunked'],
  [te('"chunked"'), 400, 'not exactly chunked'],
  [te('chunked chunked'), 400, 'not exactly chunked'],
  [te('\xa0chunked'), 400, 'not exactly chunked'],
  [te('chun\u00adked'), 400, 'not exactly chunked'],
  [te('gzip'), 400, 'not exactly chunked'],
  [te('identity'), 400, 'not exactly chunked'],
  [te('gzip, chunked'), 501, 'not exactly chunked'],
  [te('gzip') + te('chunked'), 501, 'not exactly chunked'],
  [te('gzip') + te('deflate, chunked'), 501, 'not exactly chunked'],
  [te('gzip, deflate,chunked'), 501, 'not exactly chunked'],
]

describe('the framing of a request', () => {
  it.each([
    ['', { kind: 'none' }],
    [cl('0'), length(0)],
    [cl('5'), length(5)],
    [cl('\t 5 \t'), length(5)],
    [cl('999999999999999'), length(999_999_999_999_999)],
    [te('chunked'), { kind: 'chunked' }],
    [te('CHUNKED'), { kind: 'chunked' }],
    ['tRANSFER-eNCODING:chunked\r\n', { kind: 'chunked' }],
  ])('by %j', (fields, framing) => {
    expect(request(fields)).toEqual(framing)
  })

  it.each(contradictions)('is refused with %j (%i)', (fields, status, message) => {
    expect(() => request(fields)).toThrow(
      expect.objectContaining({ status, message: expect.stringContaining(message) }),
    )
  })

  it('is not by chunks in HTTP/1.0', () => {
    expect(() => request(te('chunked'), { minor: 0 })).toThrow('a Transfer-Encoding in HTTP/1.0')
  })

  it('does not depend on the method, but for CONNECT, which has no body', () => {
    expect(request(cl('5'), { method: 'GET' })).toEqual(length(5))
    expect(request('', { method: 'CONNECT' })).toEqual({ kind: 'none' })
    expect(request(cl('0'), { method: 'CONNECT' })).toEqual(length(0))
    expect(() => request(cl('5'), { method: 'CONNECT' })).toThrow('a CONNECT has a body')
    expect(() => request(te('chunked'), { method: 'CONNECT' })).toThrow('a CONNECT has a body')
  })
})

describe('the framing of a response', () => {
  it.each([
    ['', {}, { kind: 'close' }],
    ['', { minor: 0 }, { kind: 'close' }],
    [cl('5'), {}, length(5)],
    [cl('5'), { minor: 0 }, length(5)],
    [te('chunked'), {}, { kind: 'chunked' }],
    [cl('0'), { status: 205 }, length(0)],
    ['', { status: 205 }, { kind: 'close' }],
    // RFC 9112, 6.3: no body, even if the head gives a length.
    [cl('5'), { method: 'HEAD' }, { kind: 'none' }],
    [te('chunked'), { method: 'HEAD' }, { kind: 'none' }],
    ['', { method: 'HEAD' }, { kind: 'none' }],
    [cl('5'), { status: 304 }, { kind: 'none' }],
    [te('chunked'), { status: 304 }, { kind: 'none' }],
    ['', { status: 304 }, { kind: 'none' }],
    ['', { status: 204 }, { kind: 'none' }],
    [cl('0'), { status: 204 }, { kind: 'none' }],
    ['', { status: 100 }, { kind: 'none' }],
    ['', { status: 101 }, { kind: 'none' }],
    ['', { status: 103 }, { kind: 'none' }],
    ['', { status: 200, method: 'CONNECT' }, { kind: 'none' }],
    [cl('5'), { status: 299, method: 'CONNECT' }, { kind: 'none' }],
    [te('chunked'), { status: 200, method: 'CONNECT' }, { kind: 'none' }],
    [cl('5'), { status: 300, method: 'CONNECT' }, length(5)],
    [cl('5'), { status: 407, method: 'CONNECT' }, length(5)],
    ['', { status: 502, method: 'CONNECT' }, { kind: 'close' }],
  ])('by %j of %j', (fields, of, framing) => {
    expect(response(fields, of)).toEqual(framing)
  })

  it.each(contradictions)('is refused with %j', (fields, _, message) => {
    expect(() => response(fields)).toThrow(message)
  })

  it.each([{ method: 'HEAD' }, { status: 304 }, { status: 204 }, { status: 100 }, { method: 'CONNECT' }])(
    'is refused when the head contradicts itself, also where there is no body: %j',
    (of) => {
      expect(() => response(cl('5') + te('chunked'), of)).toThrow('both Content-Length and Transfer-Encoding')
      expect(() => response(cl('5') + cl('6'), of)).toThrow('more than one Content-Length')
    },
  )

  it.each([100, 101, 103, 199, 204])(
    'of a %i with a length is refused: the next response would be its body',
    (status) => {
      expect(() => response(cl('5'), { status })).toThrow(`a ${status} response has a body`)
      expect(() => response(te('chunked'), { status })).toThrow(`a ${status} response has a body`)
    },
  )

  it('is not by chunks in HTTP/1.0', () => {
    expect(() => response(te('chunked'), { minor: 0 })).toThrow('a Transfer-Encoding in HTTP/1.0')
  })
})
