import { performance } from 'node:perf_hooks'
import { serve } from './child.ts'
import { Client, type Route } from './client.ts'
import { domain } from './material.ts'

/** The load generator: a process that run.ts controls. */

export interface Timed {
  readonly count: number
  readonly elapsedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const clients: Client[] = []
const uploadChunk = Buffer.alloc(64 * 1024, 'upload ')

function timed(times: number[], elapsedMs: number): Timed {
  const sorted = Float64Array.from(times).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { count: sorted.length, elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

async function requests(argument: { connections: number; durationMs: number }): Promise<Timed> {
  const times: number[] = []
  const startedAt = performance.now()
  const until = startedAt + argument.durationMs
  await Promise.all(
    clients.slice(0, argument.connections).map(async (client) => {
      for (let now = performance.now(); now < until; ) {
        const sentAt = now
        await client.get('/small')
        now = performance.now()
        times.push(now - sentAt)
      }
    }),
  )
  return timed(times, performance.now() - startedAt)
}

let stopWarm = () => {}

/** One warm connection asks without a pause until `endWarm`, which returns its times. */
function startWarm(): void {
  let going = true
  const times: number[] = []
  const startedAt = performance.now()
  const asking = (async () => {
    const client = await first()
    while (going) {
      const sentAt = performance.now()
      await client.get('/small')
      times.push(performance.now() - sentAt)
    }
    return timed(times, performance.now() - startedAt)
  })()
  // `endWarm` passes a failure on. After a failure elsewhere nobody calls it.
  asking.catch(() => {})
  warm = asking
  stopWarm = () => {
    going = false
  }
}

let warm: Promise<Timed> | undefined

async function endWarm(): Promise<Timed | undefined> {
  stopWarm()
  return await warm
}

async function open(argument: { route: Route; connections: number; host?: string }): Promise<void> {
  close()
  clients.push(
    ...(await Promise.all(
      Array.from({ length: argument.connections }, () => Client.open(argument.route, argument.host)),
    )),
  )
}

function close(): void {
  for (const client of clients.splice(0)) client.close()
}

async function first(): Promise<Client> {
  const [client] = clients
  if (client === undefined) throw new Error('no connection is open')
  return client
}

async function download(argument: { bytes: number }): Promise<Timed> {
  const client = await first()
  const startedAt = performance.now()
  await client.get(`/bytes/${argument.bytes}`)
  return timed([], performance.now() - startedAt)
}

async function upload(argument: { bytes: number }): Promise<Timed> {
  const client = await first()
  const startedAt = performance.now()
  await client.post('/count', argument.bytes, uploadChunk)
  return timed([], performance.now() - startedAt)
}

/** New connections, each for one request. */
async function connections(argument: { route: Route; parallel: number; durationMs: number }): Promise<Timed> {
  const times: number[] = []
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: argument.parallel }, async () => {
      for (let now = performance.now(); now < startedAt + argument.durationMs; ) {
        const client = await Client.open(argument.route)
        await client.get('/small')
        client.close()
        const begun = now
        now = performance.now()
        times.push(now - begun)
      }
    }),
  )
  return timed(times, performance.now() - startedAt)
}

/** Times from the dial until the first byte of the answer, for hosts that the proxy never saw: in turn, or all at once. */
async function unseen(argument: {
  route: Route
  from: number
  count: number
  atOnce: boolean
}): Promise<Timed> {
  const times: number[] = []
  const startedAt = performance.now()
  const visit = async (index: number) => {
    const begun = performance.now()
    const client = await Client.open(argument.route, `h${argument.from + index}.${domain}`)
    await client.get('/small')
    times.push(client.firstByteAt - begun)
    client.close()
  }
  const visits = Array.from({ length: argument.count }, (_, index) => index)
  if (argument.atOnce) await Promise.all(visits.map(visit))
  else for (const index of visits) await visit(index)
  return timed(times, performance.now() - startedAt)
}

serve({}, { open, close, requests, startWarm, endWarm, download, upload, connections, unseen })
