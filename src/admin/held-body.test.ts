import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { hallpassErrorOf } from '../errors.ts'
import { HeldBytes, heldBody } from './held-body.ts'

const mebibyte = 1024 * 1024

test('bodies that find no room beside others are refused, and the room comes back', async () => {
  const app = new Hono()
  const open = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  app.onError((error) => new Response(hallpassErrorOf(error).code))
  app.post('/', heldBody(new HeldBytes(), 64 * mebibyte), async ({ req }) => {
    held.resolve()
    await open.promise
    return new Response(String((await req.arrayBuffer()).byteLength))
  })
  const post = async (bytes: number) =>
    (await app.request('/', { method: 'POST', body: new Uint8Array(bytes) })).text()
  const first = post(60 * mebibyte)
  await held.promise
  expect(await post(30 * mebibyte)).toBe('busy')
  open.resolve()
  expect(await first).toBe(String(60 * mebibyte))
  expect(await post(30 * mebibyte)).toBe(String(30 * mebibyte))
})
