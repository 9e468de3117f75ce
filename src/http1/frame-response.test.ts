import { describe, expect, it } from 'vitest'
import { frameResponse } from './frame-response.ts'
import { encodeResponseHead, parseResponseHead } from './response-head.ts'

interface Of {
  readonly method?: string
  readonly status?: number
  readonly minor?: 0 | 1
}

/** The framing of a response with these fields, the fields that go on, and the repairs. */
function framed(fields: string, { method = 'GET', status = 200, minor = 1 }: Of) {
  const startLine = `HTTP/1.${minor} ${status} X\r\n`
  const { head, framing } = frameResponse(parseResponseHead(startLine + fields), method)
  const sent = encodeResponseHead(head).toString('latin1')
  return { framing, sent: sent.slice(startLine.length, -2), repairs: head.repairs }
}

const cl = (value: string) => `Content-Length: ${value}\r\n`
const te = (value: string) => `Transfer-Encoding: ${value}\r\n`
const length = (length: number) => ({ kind: 'length', length })
const chunked = { kind: 'chunked' }
const none = { kind: 'none' }
const close = { kind: 'close' }

describe('the length of a response', () => {
  it.each([
    [cl('5'), {}],
    [te('chunked'), {}],
    ['', { status: 204 }],
    [cl('0'), { status: 204 }],
    [cl('5'), { status: 304 }],
    [te('chunked'), { status: 304 }],
    [cl('5'), { method: 'HEAD' }],
  ])('goes on as it came when it is said once: %j of %j', (fields, of) => {
    expect(framed(fields, of)).toMatchObject({ sent: fields, repairs: [] })
  })

  it.each([
    [cl('5') + cl('5'), {}, length(5), cl('5')],
    [`content-length: 5\r\nX: a\r\n${cl('5')}`, {}, length(5), 'content-length: 5\r\nX: a\r\n'],
    [cl('5, 5'), {}, length(5), cl('5')],
    [cl('5,5\t, 5'), {}, length(5), cl('5')],
    [cl('5, 5') + cl('5'), { minor: 0 }, length(5), cl('5')],
    [cl('05'), {}, length(5), cl('5')],
    [cl('00'), {}, length(0), cl('0')],
    [cl('5, 5'), { status: 304 }, none, cl('5')],
    [cl('5') + te('chunked'), {}, chunked, te('chunked')],
    [te('chunked') + cl('3') + cl('4'), {}, chunked, te('chunked')],
    [cl('5') + te('chunked'), { method: 'HEAD' }, none, te('chunked')],
    [cl('5') + te('chunked'), { status: 304 }, none, te('chunked')],
    [te('chunked') + te('Chunked'), {}, chunked, te('chunked')],
    [te('chunked, chunked'), {}, chunked, te('chunked')],
    [te('chunked,'), {}, chunked, te('chunked')],
    [te('identity, chunked'), {}, chunked, te('chunked')],
    [te('chunked') + te('identity'), {}, chunked, te('chunked')],
    [te('identity'), {}, close, ''],
    [te(''), {}, close, ''],
    [cl('5'), { status: 204 }, none, ''],
    [te('chunked'), { status: 204 }, none, ''],
    [te('gzip'), { status: 204 }, none, ''],
    [te('chunked'), { status: 204, minor: 0 }, none, ''],
    [cl('5') + te('chunked'), { status: 204 }, none, ''],
    [cl('x'), { status: 204 }, none, ''],
  ] as const)('is one length afterwards: %j of %j', (fields, of, framing, sent) => {
    const result = framed(fields, of)
    expect(result).toMatchObject({ framing, sent })
    expect(result.repairs).toHaveLength(1)
  })

  it.each([
    [cl('5') + cl('6'), {}],
    [cl('5, 6'), {}],
    [cl('05') + cl('5'), {}],
    [cl('5,'), {}],
    [cl('5') + cl(''), {}],
    [cl('+5'), {}],
    [cl('-5'), {}],
    [cl('5x'), {}],
    [cl('0x5'), {}],
    [cl('5 5'), {}],
    [cl('5;'), {}],
    [cl('\xa05, \xa05'), {}],
    [cl('9007199254740993'), {}],
    [cl('5') + te('identity'), {}],
    [cl('5') + te(''), {}],
    [cl('x') + te('chunked'), {}],
    [te('gzip, chunked'), {}],
    [te('gzip') + te('chunked'), {}],
    [te('xchunked'), {}],
    [te('\xa0chunked'), {}],
    [te('chunked;q=1'), {}],
    [te('chunked'), { minor: 0 }],
    [cl('5') + te('chunked'), { minor: 0 }],
    [cl('5') + cl('6'), { status: 204 }],
    [cl('5') + cl('6'), { status: 304 }],
    [cl('5'), { status: 103 }],
    [te('chunked'), { status: 100 }],
    [cl('5') + te('chunked'), { status: 101 }],
  ] as const)('is refused when two readers read two: %j of %j', (fields, of) => {
    expect(() => framed(fields, of)).toThrow(/Content-Length|Transfer-Encoding|a 10[0-3] response has a body/)
  })
})
