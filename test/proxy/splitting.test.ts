import type { Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { responseCorpus } from '../http1/message-corpus.ts'
import { mutated } from '../http1/message-mutations.ts'
import { readResponsesByNode } from '../http1/node-reading.ts'
import { type OwnReading, readResponses } from '../http1/own-reading.ts'
import type { ResponseMessage } from '../http1/reading.ts'
import { namingOrigin } from '../support/naming-origin.ts'
import { left } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import type { RawClient } from '../support/raw-client.ts'

/**
 * Answers that are malformed, contradict themselves, or bring another answer along: 502, or plainly cut short where the
 * head was on its way. The connection they came on is never used again, so the next answer is its own.
 */

const host = 'a.example'
const own = `Host: ${host}\r\n`

interface World extends AsyncDisposable {
  /** Everything that a client gets that asks once, when the origin answers with these bytes. */
  answerTo(text: string, how: 'ends' | 'stays'): Promise<string>
  /** The connection on which the origin answered so. */
  used(): Socket
  /** What somebody else gets next, and should get. */
  canary(): Promise<{ readonly asked: string; readonly got: string }>
}

async function world(): Promise<World> {
  let script: { readonly text: string; readonly how: 'ends' | 'stays' } = { text: '', how: 'ends' }
  let used: Socket | undefined
  const site = await namingOrigin({ hosts: [host] }, ({ target }, socket) => {
    if (target !== '/case') return false
    used = socket
    socket.write(Buffer.from(script.text, 'latin1'))
    if (script.how === 'ends') socket.end()
    return true
  })
  const proxy = await startTestProxy({
    resolve: { [host]: `127.0.0.1:${site.origin.port}` },
    // A connection that ends was ended for what came on it, not for its age.
    limits: { pooledMs: 600_000 },
  })
  await proxy.knows('SECRET', host)
  let bystander: RawClient | undefined
  let count = 0
  return {
    used() {
      if (used === undefined) throw new Error('the origin was not asked')
      return used
    },
    async answerTo(text, how) {
      script = { text, how }
      const client = await proxy.secure(host)
      client.send(`GET /case HTTP/1.1\r\n${own}Connection: close\r\n\r\n`)
      return await client.rest()
    },
    async canary() {
      if (bystander === undefined || bystander.ended) bystander = await proxy.secure(host)
      count += 1
      bystander.send(`GET /canary-${count} HTTP/1.1\r\n${own}\r\n`)
      const { status, body } = await bystander.response()
      return { asked: `200 GET /canary-${count} ""`, got: `${status} ${body}` }
    },
    async [Symbol.asyncDispose]() {
      bystander?.socket.destroy()
      await proxy[Symbol.asyncDispose]()
      await site[Symbol.asyncDispose]()
    },
  }
}

function isFinal({ status }: ResponseMessage): boolean {
  return status >= 200
}

/** What the client should make of it, by our own reading of what the origin sent, which is held against node's. */
async function judge(text: string, origin: OwnReading<ResponseMessage>, got: string): Promise<void> {
  const said = `${JSON.stringify(text.slice(0, 1_000))} became ${JSON.stringify(got.slice(0, 1_000))}`
  const client = await readResponsesByNode('GET', [Buffer.from(got, 'latin1')])
  const sent = origin.messages.find(isFinal)
  const received = client.messages.find(isFinal)
  if (sent !== undefined) {
    // The answer, and not a byte behind it.
    expect(received?.status, said).toBe(sent.status)
    expect(received?.reason, said).toBe(sent.reason)
    expect(received?.body, said).toBe(sent.body)
    expect(received?.trailers.join(), said).not.toMatch(/set-cookie/i)
    expect(Buffer.concat(readResponses('GET', [Buffer.from(got, 'latin1')]).relayed).length, said).toBe(
      got.length,
    )
    return
  }
  // Either a 502 of ours, or a head that was already on its way, without the end of its body.
  if (received === undefined) expect(client.outcome, said).toBe('incomplete')
  else {
    expect(received.status, said).toBe(502)
    expect(got, said).toMatch(/^Hallpass-Error: upstream-(malformed|unreachable)\r$/m)
    expect(got, said).not.toMatch(/^Set-Cookie/im)
  }
}

describe('an answer of an origin', () => {
  const ok = 'HTTP/1.1 200 OK\r\n'
  const chunks = '5\r\nhello\r\n0\r\n\r\n'
  const evil = `${ok}X-Name: evil\r\nContent-Length: 4\r\n\r\nevil`

  it.each([
    ['with a length', `${ok}Content-Length: 5\r\n\r\nhello`],
    ['by chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n${chunks}`],
    ['without a body', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ])('%s that brings another one along goes on without it, and ends its connection', async (_, text) => {
    await using w = await world()
    const got = await w.answerTo(text + evil.slice(0, 29), 'stays')
    expect(got).toContain(text.slice(0, 20))
    expect(got).not.toContain('evil')
    await left(w.used())
    const canary = await w.canary()
    expect(canary.got).toBe(canary.asked)
  })

  it('that comes unasked ends its connection, which waited in the pool', async () => {
    await using w = await world()
    await w.answerTo(`${ok}Content-Length: 5\r\n\r\nhello`, 'stays')
    w.used().write(evil.slice(0, 29))
    await left(w.used())
    const canary = await w.canary()
    expect(canary.got).toBe(canary.asked)
  })

  it('is passed on, or refused, and the next answer is its own', async () => {
    await using w = await world()
    const mutants = fc.sample(mutated(responseCorpus), { numRuns: 200, seed: 6_266 })
    const texts = [...responseCorpus, ...mutants, ...fc.sample(mutated(responseCorpus), 50)]
    for (const text of texts) {
      const origin = readResponses('GET', [Buffer.from(text, 'latin1')])
      // A 101 that nobody asked for is no answer.
      if (origin.upgraded) continue
      // An origin that keeps the connection open, with what it sent too much lying there.
      const stays = origin.reason === 'end' && origin.messages.length > 0
      for (const how of stays ? (['ends', 'stays'] as const) : (['ends'] as const)) {
        await judge(text, origin, await w.answerTo(text, how))
        const canary = await w.canary()
        expect(canary.got, `after ${JSON.stringify(text.slice(0, 1_000))}`).toBe(canary.asked)
      }
    }
  })
})
