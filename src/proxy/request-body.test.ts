import { describe, expect, it } from 'vitest'
import { HeldBody } from './held-body.ts'
import { RequestBody } from './request-body.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const text = (parts: readonly Buffer[]) => Buffer.concat(parts).toString('latin1')

/** Passes a chunk of the client on as one that waits for a connection. */
function wait(body: RequestBody, chunk: string): void {
  body.wait(body.read(bytes(chunk)).out)
}

describe('a body that is held', () => {
  it('is repeated unchanged, with the parts that waited for a connection', () => {
    const body = new RequestBody({ kind: 'length', length: 9 })
    wait(body, 'abc')
    body.hold(100)
    wait(body, 'def')
    expect(text(body.takeWaiting())).toBe('abcdef')
    body.keep(body.read(bytes('ghi')).out)
    expect(text(body.takeWaiting())).toBe('')
    body.repeat()
    expect(text(body.takeWaiting())).toBe('abcdefghi')
  })

  it('is followed by the parts that come after the repeat', () => {
    const body = new RequestBody({ kind: 'length', length: 6 })
    body.hold(100)
    body.keep(body.read(bytes('abc')).out)
    body.repeat()
    wait(body, 'def')
    expect(text(body.takeWaiting())).toBe('abcdef')
  })

  it('is not signed before all of it is here', () => {
    const body = new RequestBody({ kind: 'chunked' })
    body.hold(100)
    wait(body, '3\r\nabc\r\n')
    expect(body.signed).toBe('not-held')
    wait(body, '0\r\n\r\n')
    expect(body.signed).toEqual({ held: bytes('abc') })
  })
})

describe('the held copy', () => {
  it('keeps no buffer of a read alive, so that it can be used again', () => {
    const held = new HeldBody({ kind: 'chunked' }, 100)
    const read = bytes('abc')
    held.keep([read])
    read.fill('x')
    expect(held.bytes.toString('latin1')).toBe('abc')
  })

  it('is nothing any more once it has been too much', () => {
    const held = new HeldBody({ kind: 'chunked' }, 4)
    held.keep([bytes('abc'), bytes('de'), bytes('f')])
    held.keep([bytes('g')])
    expect([held.whole, held.bytes.length]).toEqual([false, 0])
  })
})
