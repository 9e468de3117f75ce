import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { describe, expect, it } from 'vitest'
import {
  certificateTable,
  type ServerCertificate,
  weakServerCiphers,
} from '../../test/support/bad-certificates.ts'
import { tlsOptions, trustedContext } from './tls-options.ts'

const { rootPem, bad, good } = certificateTable()

/** Dials an origin; returns the error, if any, and the bytes that the origin received. */
async function ask(origin: ServerCertificate): Promise<{ error: string | undefined; received: string }> {
  let received = ''
  const server = createServer(
    { key: origin.key, cert: origin.cert, ciphers: weakServerCiphers },
    (socket) => {
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        socket.end('answer')
      })
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({
    host: '127.0.0.1',
    port,
    ...tlsOptions(origin.host, trustedContext([rootPem])),
  })
  socket.on('secureConnect', () => socket.write('GET / secret'))
  socket.on('data', () => {})
  const error = await new Promise<string | undefined>((resolve) => {
    socket.on('error', (failure: NodeJS.ErrnoException) => resolve(`${failure.code} ${failure.message}`))
    socket.on('end', () => resolve(undefined))
  })
  socket.destroy()
  server.close()
  await once(server, 'close')
  return { error, received }
}

describe("an origin's certificate", () => {
  it.each(bad)('is refused before one byte of a request: $what', async (origin) => {
    const { error, received } = await ask(origin)
    expect(received).toBe('')
    expect(error).toMatch(origin.refusal)
  })

  it.each(good)('is accepted: $what', async (origin) => {
    expect(await ask(origin)).toEqual({ error: undefined, received: 'GET / secret' })
  })
})
