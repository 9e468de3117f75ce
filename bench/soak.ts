import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Usage } from './child.ts'
import { Client, type Route } from './client.ts'
import { withLiveMemory } from './live-memory.ts'
import { domain, type Material, makeMaterial } from './material.ts'
import { Worker } from './worker.ts'

/*
 * npm run soak [-- --minutes N] [--json]
 *
 * Looks for memory that grows as long as a proxy runs. Clients of the built command go from host to host and from path to path.
 * The origin rotates 200 cookies of 4 KB. Another client asks one host all the time. The run fails if a request gets no answer, or
 * if the proxy takes too much memory (`faultOf`).
 */
const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } },
})

/** More than there is room for in any cache of the proxy that holds something for each host. */
const hostCount = 3_000
const travellers = 3
/** They fill the caches of cookies and of plans. */
const rotators = 3
const cookies = 200
/** The largest that browsers keep is 4,096 bytes with its name. */
const cookieBytes = 4_000
/** As many as fit into the head of one response. */
const cookiesPerResponse = 14
const requestsPerDestination = 3
/** Of the whole time, but no less than the caches need to fill. A run that ends before has no growth to judge. */
const warmUpShare = 0.4
const shortestWarmUpMs = 50_000
const sampleMs = 500
/** The caches of cookies and of plans are full after 110 requests. However short the run is, it goes on so far. */
const requestsBeforeLive = 150
const leastRequests = 450
/** Each time, the proxy collects its garbage. */
const liveMs = 2_000
/** As much as an attack may cost. Peaks of two parts of a run differed by 52 MiB. */
const maxGrowthMiB = 96
/** Growth of the minimum from the earlier half to the later one. It was 1 MiB, and 27 MiB when the caches had no bounds. */
const maxLiveGrowthMiB = 12
/** A new host's certificate and TLS session: 20 KiB, up to the bounds of their caches. */
const liveMiBPerHost = 0.02
/** The peak of 1,571 destinations was 373 MiB. Without bounds in bytes, 200 rotated cookies alone took 595 MiB. */
const maxMiB = 512

const mebibyte = 1024 * 1024
const hostOf = (index: number) => `s${index % hostCount}.${domain}`
const otherHost = `other.${domain}`

interface Outcome {
  readonly requests: number
  readonly destinations: number
  readonly warmMiB: number
  readonly peakMiB: number
  /** NaN if the run was too short to say. */
  readonly liveGrowthMiB: number
  readonly otherRequests: number
  readonly otherSlowestMs: number
}

/** Rotates its cookies below /rotate, so that the other client's requests stay small. */
async function startOrigin({ key, cert }: Material) {
  let next = 0
  const server = createServer({ key, cert, maxHeaderSize: 4 * mebibyte }, (request, response) => {
    if (request.url?.startsWith('/rotate/')) {
      const lines = Array.from({ length: cookiesPerResponse }, () => {
        const value = randomBytes((cookieBytes * 3) / 4).toString('base64')
        return `c${next++ % cookies}=${value}; Domain=${domain}; Path=/rotate; Secure; HttpOnly`
      })
      response.setHeader('Set-Cookie', lines)
    }
    response.setHeader('Content-Length', 2)
    response.end('ok')
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function run(minutes: number, state: string): Promise<Outcome> {
  const material = makeMaterial()
  const origin = await startOrigin(material)
  const { port: originPort } = origin.address() as AddressInfo
  const names = [otherHost, ...Array.from({ length: hostCount }, (_, index) => hostOf(index))]
  const proxy = await Worker.start<{ port: number; ca: string; auth: string }>(
    'proxies/hallpass.ts',
    { originPort, state, rootPem: material.rootPem, names },
    { proxy: true, nodeArgs: withLiveMemory },
  )
  try {
    const { port: proxyPort, auth: proxyAuth, ca } = proxy.ready
    const route: Route = { originPort, proxyPort, proxyAuth, injects: true, ca: [ca] }
    return await soak(route, minutes * 60_000, {
      residentMiB: async () => (await proxy.call<Usage>('usage')).rssBytes / mebibyte,
      liveMiB: async () => (await proxy.call<number>('live')) / mebibyte,
    })
  } finally {
    await proxy.stop()
    origin.closeAllConnections()
    origin.close()
  }
}

interface Memory {
  readonly residentMiB: () => Promise<number>
  /** Without garbage. */
  readonly liveMiB: () => Promise<number>
}

async function soak(route: Route, ms: number, memory: Memory): Promise<Outcome> {
  const startedAt = performance.now()
  const passed = () => performance.now() - startedAt
  let requests = 0
  const goesOn = () => passed() < ms || requests < leastRequests
  let destination = 0
  const visit = async (folder: string) => {
    while (goesOn()) {
      const client = await Client.open(route, hostOf(destination++))
      for (let path = 0; path < requestsPerDestination; path++) await client.get(`/${folder}/${requests++}`)
      client.close()
    }
  }

  let otherRequests = 0
  let otherSlowestMs = 0
  const ask = async () => {
    while (goesOn()) {
      const askedAt = performance.now()
      const client = await Client.open(route, otherHost)
      await client.get('/other')
      client.close()
      otherRequests++
      otherSlowestMs = Math.max(otherSlowestMs, Math.round(performance.now() - askedAt))
    }
  }

  let warmMiB = 0
  let peakMiB = 0
  const lives: number[] = []
  let liveAt = 0
  const warmUpMs = Math.max(ms * warmUpShare, shortestWarmUpMs)
  const sample = async () => {
    while (goesOn()) {
      await new Promise((resolve) => setTimeout(resolve, sampleMs))
      peakMiB = Math.max(peakMiB, await memory.residentMiB())
      if (passed() < warmUpMs) warmMiB = peakMiB
      if (requests < requestsBeforeLive || passed() < liveAt) continue
      lives.push(await memory.liveMiB())
      liveAt = passed() + liveMs
    }
  }

  const visits = [...Array(travellers).fill('travel'), ...Array(rotators).fill('rotate')].map(visit)
  await Promise.all([...visits, ask(), sample()])
  const half = lives.length >> 1
  const liveGrowthMiB = Math.min(...lives.slice(half)) - Math.min(...lives.slice(0, half))
  return {
    requests,
    destinations: destination,
    warmMiB,
    peakMiB,
    liveGrowthMiB,
    otherRequests,
    otherSlowestMs,
  }
}

function faultOf({ peakMiB, warmMiB, liveGrowthMiB, destinations }: Outcome): string | undefined {
  if (peakMiB > maxMiB) return `takes more than ${mib(maxMiB)}`
  if (peakMiB - warmMiB > maxGrowthMiB) return `takes over ${mib(maxGrowthMiB)} more than in the warm-up`
  const growth = maxLiveGrowthMiB + liveMiBPerHost * destinations
  if (liveGrowthMiB > growth)
    return `keeps over ${mib(growth)} more in the later half than in the earlier one`
  return undefined
}

function mib(value: number): string {
  return `${Math.round(value)} MiB`
}

const minutes = Number(flags.minutes)
if (!(minutes > 0)) throw new Error('--minutes must be a number above 0')
const state = mkdtempSync(join(tmpdir(), 'hallpass-soak-'))
try {
  const outcome = await run(minutes, state)
  const { requests, warmMiB, peakMiB, liveGrowthMiB, otherRequests, otherSlowestMs } = outcome
  if (flags.json) console.log(JSON.stringify({ ...outcome, minutes, maxGrowthMiB, maxLiveGrowthMiB, maxMiB }))
  else {
    console.log(`${requests} requests to ${outcome.destinations} hosts in ${minutes} minutes`)
    console.log(`${otherRequests} requests of the other client, the slowest in ${otherSlowestMs} ms`)
    console.log(`${mib(warmMiB)} at most in the warm-up, ${mib(peakMiB)} in the whole run`)
    console.log(`${mib(liveGrowthMiB)} more in the later half, without garbage`)
  }
  const fault = faultOf(outcome)
  if (fault !== undefined) {
    console.error(`error: the proxy ${fault}`)
    process.exitCode = 1
  }
} finally {
  rmSync(state, { recursive: true, force: true })
}
