import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type DetailedPeerCertificate, type SecureContext } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { checkServerIdentity } from '../net/server-identity.ts'
import { KeyRing } from '../store/keyring.ts'
import { Authority } from './authority.ts'
import { Leaves } from './leaves.ts'

const day = 86_400_000

async function fresh(options: { max?: number } = {}) {
  const home = temporaryHome()
  const keys = await KeyRing.open(home, { env: { HALLPASS_NO_KEYRING: '1' }, create: true })
  const authority = await Authority.open(home, keys, { create: true })
  const clock = { now: Date.now() }
  const leaves = new Leaves(authority, { ...options, now: () => clock.now })
  return { home, keys, authority, leaves, clock }
}

/** The chain that a client gets to see, which it verifies against `ca` when there is one. */
async function served(
  context: SecureContext,
  host: string,
  ca: string | undefined,
): Promise<DetailedPeerCertificate> {
  const server = createServer({ SNICallback: (_, done) => done(null, context) }, (socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: host,
    checkServerIdentity,
    ...(ca === undefined ? { ca: [], rejectUnauthorized: false } : { ca }),
  })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerCertificate(true)
  socket.destroy()
  server.close()
  return certificate
}

describe('leaves', () => {
  it('are served with the authority after them', async () => {
    const { authority, leaves } = await fresh()
    const context = await leaves.contextFor('example.com')
    // A client that trusts nothing knows no more of the chain than what it was sent.
    const leaf = await served(context, 'example.com', undefined)
    expect(leaf.subjectaltname).toBe('DNS:example.com')
    expect(leaf.issuerCertificate.raw.equals(authority.certificate.raw)).toBe(true)
  })

  it('are minted once for a host, however many ask at once', async () => {
    const { leaves } = await fresh()
    const contexts = await Promise.all(Array.from({ length: 20 }, () => leaves.contextFor('example.com')))
    expect(new Set(contexts).size).toBe(1)
    expect(await leaves.contextFor('example.com')).toBe(contexts[0])
    expect(await leaves.contextFor('other.example.com')).not.toBe(contexts[0])
  })

  it('are made one in a turn of the event loop, so that a burst delays others by one leaf', async () => {
    const { leaves } = await fresh()
    let turns = 0
    let done = false
    const count = () => {
      turns++
      if (!done) setImmediate(count)
    }
    setImmediate(count)
    await Promise.all(Array.from({ length: 50 }, (_, index) => leaves.contextFor(`h${index}.example.com`)))
    done = true
    expect(turns).toBeGreaterThanOrEqual(49)
  })

  it('are kept to a bound, the least recently used going first', async () => {
    const { leaves } = await fresh({ max: 3 })
    const first = await leaves.contextFor('a.test')
    const second = await leaves.contextFor('b.test')
    await leaves.contextFor('c.test')
    expect(await leaves.contextFor('a.test')).toBe(first)
    await leaves.contextFor('d.test')
    expect(await leaves.contextFor('a.test')).toBe(first)
    expect(await leaves.contextFor('b.test')).not.toBe(second)
  })

  it('are renewed before they expire, and when the clock was turned back', async () => {
    const { authority, leaves, clock } = await fresh()
    const start = clock.now - 6 * day
    clock.now = start
    const first = await leaves.contextFor('example.com')
    clock.now = start + 5 * day
    expect(await leaves.contextFor('example.com')).toBe(first)
    clock.now = start + 6 * day
    const second = await leaves.contextFor('example.com')
    expect(second).not.toBe(first)
    const leaf = await served(second, 'example.com', authority.certificatePem)
    expect(Date.parse(leaf.valid_to)).toBeGreaterThan(start + 12 * day)
    clock.now = start
    expect(await leaves.contextFor('example.com')).not.toBe(second)
  })

  it('fail one by one: a bad host name spoils no other, and is tried again', async () => {
    const { leaves } = await fresh()
    const results = await Promise.allSettled([
      leaves.contextFor('a.test'),
      leaves.contextFor('*.test'),
      leaves.contextFor('b.test'),
      leaves.contextFor('*.test'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    await expect(leaves.contextFor('*.test')).rejects.toThrow(TypeError)
  })

  it('that failed take no room from those that are good', async () => {
    const { leaves } = await fresh({ max: 2 })
    const good = await leaves.contextFor('a.test')
    for (const host of ['*.b', '*.c', '*.d']) await expect(leaves.contextFor(host)).rejects.toThrow(TypeError)
    expect(await leaves.contextFor('a.test')).toBe(good)
  })

  it('are minted anew, under the new authority, after a rotation by another process', async () => {
    const { home, keys, leaves, authority } = await fresh()
    const old = await leaves.contextFor('example.com')
    const rotated = await Authority.rotate(home, keys)
    const context = await leaves.contextFor('example.com')
    expect(context).not.toBe(old)
    await served(context, 'example.com', rotated.certificatePem)
    expect(authority.certificatePem).toBe(rotated.certificatePem)
  })
})
