import { lookup } from 'node:dns/promises'
import { HallpassError } from '../errors.ts'
import { isLoopback } from './guard.ts'

/**
 * Refuses to listen where other machines could reach the proxy. A name is resolved: a hosts file can send `localhost`
 * anywhere, and the library takes any name.
 */
export async function requireLoopback(host: string): Promise<void> {
  const addresses = await lookup(host, { all: true })
  const reached = addresses.find(({ address }) => !isLoopback(address))
  if (reached === undefined) return
  const name = host === reached.address ? host : `${host} (${reached.address})`
  throw new HallpassError(
    'usage',
    `other machines can reach ${name}; only listenBeyondLoopback: true allows it`,
    { hint: 'hallpass start --listen 127.0.0.1:8787' },
  )
}
