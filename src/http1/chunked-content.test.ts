import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BodyReader } from './body-reader.ts'
import { chunkedContent } from './chunked-content.ts'

it('is the data without sizes, extensions and trailers', () => {
  const body = '3;a="b"\r\nabc\r\nA\r\n0123\r\n0\r\n9\r\n0\r\nX-After: 1\r\n\r\n'
  expect(chunkedContent(Buffer.from(body)).toString()).toBe('abc0123\r\n0\r\n9')
})

it('is empty where there is nothing but the last chunk', () => {
  expect(chunkedContent(Buffer.from('0\r\n\r\n'))).toHaveLength(0)
})

property.prop([fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }))])(
  'is the content that was cut into chunks of any size',
  (pieces) => {
    const body = Buffer.concat([
      ...pieces.flatMap((piece) =>
        [`${piece.length.toString(16)}\r\n`, piece, '\r\n'].map((part) => Buffer.from(part)),
      ),
      Buffer.from('0\r\n\r\n'),
    ])
    const relayed = new BodyReader({ kind: 'chunked' }).push(body)
    expect(relayed.done).toBe(true)
    expect(chunkedContent(Buffer.concat(relayed.out))).toEqual(Buffer.concat(pieces))
  },
)
