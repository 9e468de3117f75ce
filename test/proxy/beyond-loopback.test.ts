import { expect, it } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { scratchFolder } from '../store/scratch.ts'

const open = (config = {}) =>
  openHallpass({ home: scratchFolder(), env: { HALLPASS_NO_KEYRING: '1' }, config })

// To Node the last two are names, and the resolver makes addresses of them without asking a name server.
it.each(['0.0.0.0', '::', '::ffff:127.0.0.1', '192.0.2.1', '0', '3221225985'])(
  'the library does not listen on %s',
  async (host) => {
    const starting = (await open()).startProxy({ listen: { host, port: 0 } })
    await expect(starting).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`other machines can reach ${host}`),
    })
  },
)

it('but with listenBeyondLoopback it does, and on localhost always', async () => {
  for (const [host, config] of [
    ['0.0.0.0', { listenBeyondLoopback: true }],
    ['localhost', {}],
  ] as const) {
    const proxy = await (await open(config)).startProxy({ listen: { host, port: 0 } })
    expect(proxy.port).toBeGreaterThan(0)
    await proxy.close()
  }
})
