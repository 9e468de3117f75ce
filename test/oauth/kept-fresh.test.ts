import { afterEach, expect, it, vi } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { testEnv } from '../store/open-store.ts'
import { scratchFolder } from '../store/scratch.ts'
import { pair, startTokenServer } from '../support/token-server.ts'

afterEach(() => vi.useRealTimers())

const minutes = 60_000
const url = 'https://api.test/'

/** A state folder with tokens that live for an hour, by a clock that the test moves. */
async function opened() {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
  const server = await startTokenServer()
  const root = `${scratchFolder()}/home`
  const hallpass = await openHallpass({ home: root, env: { HOME: root, ...testEnv } })
  const definition = { kind: 'oauth2', hosts: ['api.test'], tokenEndpoint: server.url, clientId: 'c' }
  await hallpass.saveTokens('api', definition, JSON.stringify(pair(1)))
  return { server, hallpass }
}

it('a proxy refreshes recently used tokens before they expire, without a request', async () => {
  const { server, hallpass } = await opened()
  const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 } })
  await vi.advanceTimersByTimeAsync(40 * minutes)
  await hallpass.authHeaders(url)
  await vi.advanceTimersByTimeAsync(16 * minutes)
  await server.came(1)
  await proxy.close() // waits for the refresh under way
  vi.advanceTimersByTime(5 * minutes)
  expect(await hallpass.authHeaders(url)).toEqual({ Authorization: 'Bearer access-2' })
  expect(server.asked).toHaveLength(1)
})

it('a proxy leaves tokens alone that nobody has used recently', async () => {
  const { server, hallpass } = await opened()
  const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 } })
  await hallpass.authHeaders(url)
  await vi.advanceTimersByTimeAsync(58 * minutes)
  await proxy.close()
  expect(server.asked).toHaveLength(0)
})

it('a closed proxy refreshes nothing more', async () => {
  const { server, hallpass } = await opened()
  const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 } })
  await vi.advanceTimersByTimeAsync(40 * minutes)
  await hallpass.authHeaders(url)
  await proxy.close()
  await vi.advanceTimersByTimeAsync(18 * minutes)
  await hallpass.sessions.flush()
  expect(server.asked).toHaveLength(0)
})

it('the library refreshes an expired token for a caller that asks for headers', async () => {
  const { server, hallpass } = await opened()
  vi.advanceTimersByTime(61 * minutes)
  expect(await hallpass.authHeaders(url)).toEqual({ Authorization: 'Bearer access-2' })
  expect(server.asked).toHaveLength(1)
})
