import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { pipe } from './pipe.ts'

describe('a pipe', () => {
  it('passes bytes and text both ways, and closes each half by itself', async () => {
    const [near, far] = pipe()
    near.cork()
    near.write('caf\xe9 ', 'latin1')
    near.write(Buffer.from('and tea'))
    near.uncork()
    near.end()
    expect(await buffer(far)).toEqual(Buffer.from('caf\xe9 and tea', 'latin1'))
    far.end('answer')
    expect(String(await buffer(near))).toBe('answer')
  })

  it('keeps what was written when the writer uses its buffer again', async () => {
    const [near, far] = pipe()
    const bytes = Buffer.from('one')
    await new Promise((resolve) => near.write(bytes, resolve))
    bytes.write('two')
    near.end()
    expect(String(await buffer(far))).toBe('one')
  })

  it('makes the writer wait for the reader', async () => {
    const [near, far] = pipe()
    const chunk = Buffer.alloc(near.writableHighWaterMark)
    let written = 0
    const write = () => near.write(chunk, () => written++)
    for (let count = 0; count < 10; count++) write()
    await new Promise(setImmediate)
    expect(near.writableNeedDrain).toBe(true)
    expect(written).toBeLessThan(4)
    far.resume()
    await once(near, 'drain')
    expect(written).toBe(10)
  })

  it('lets a reader have all of a whole stream, although the writer is gone', async () => {
    const [near, far] = pipe()
    near.write('last words')
    near.destroySoon()
    await once(near, 'close')
    expect(String(await buffer(far))).toBe('last words')
    far.on('error', () => {})
    await expect(new Promise((_, reject) => far.write('x', reject))).rejects.toMatchObject({
      code: 'ECONNRESET',
    })
  })

  it.each([
    ['with its error', new Error('why')],
    ['as a reset, without one', undefined],
  ])('brings the end of one side to the other %s', async (_, error) => {
    const [near, far] = pipe()
    near.on('error', () => {})
    near.write('half')
    near.destroy(error)
    const [came] = await once(far, 'error')
    if (error === undefined) expect(came).toMatchObject({ code: 'ECONNRESET' })
    else expect(came).toBe(error)
    expect(far.destroyed).toBe(true)
  })
})
