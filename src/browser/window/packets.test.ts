import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { packetsOf, sendPacket } from './packets.ts'

async function pair(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay()
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  return { near, far }
}

async function all(socket: Socket): Promise<readonly unknown[]> {
  const packets: unknown[] = []
  for await (const packet of packetsOf(socket)) packets.push(packet)
  return packets
}

describe('packets', () => {
  it('arrive as they were sent, with a length in bytes', async () => {
    const { near, far } = await pair()
    const sent = [{ id: 1, text: 'grün: 1:{' }, {}, { large: 'ü'.repeat(1_000_000) }]
    for (const packet of sent) sendPacket(near, packet)
    near.end()
    expect(await all(far)).toEqual(sent)
  })

  it('arrive whole, wherever the stream cuts them', async () => {
    const { near, far } = await pair()
    const read = all(far)
    for (const byte of Buffer.from('10:{"a":"ü"}2:{}11:{"b":12345}')) {
      near.write(Uint8Array.of(byte))
      await turn()
    }
    near.end()
    expect(await read).toEqual([{ a: 'ü' }, {}, { b: 12345 }])
  })

  it('end with an error when the connection breaks', async () => {
    const { near, far } = await pair()
    near.write('9:{"a"')
    const read = all(far)
    near.resetAndDestroy()
    await expect(read).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
