import { setTimeout as sleep } from 'node:timers/promises'
import { freshToken } from './fresh-token.ts'
import type { Timed } from './load.ts'
import type { Effort, Measure } from './measure.ts'
import { withCpu } from './with-cpu.ts'

export const quick: Effort = { rounds: 3, durationMs: 600, warmUpMs: 250, bulkBytes: 96e6, coldHosts: 8 }
export const full: Effort = { rounds: 5, durationMs: 1500, warmUpMs: 500, bulkBytes: 256e6, coldHosts: 20 }

/** Hosts in one burst of never-seen hosts, as a page with many origins makes it. */
const burst = 50

/** How many never-seen hosts a subject meets in a run. */
export const unseenHosts = ({ rounds, coldHosts }: Effort): number => rounds * (coldHosts + burst)

export interface Scenario {
  readonly name: string
  readonly measure: Measure
}

const requestsOn =
  (connections: number): Measure =>
  async ({ load, effort }, subject) => {
    await load.call('open', { route: subject.route, connections })
    await load.call('requests', { connections, durationMs: effort.warmUpMs })
    const { result, cpuMicros } = await withCpu(subject, () =>
      load.call<Timed>('requests', { connections, durationMs: effort.durationMs }),
    )
    await load.call('close')
    return {
      [`requests/s at ${connections}`]: (result.count / result.elapsedMs) * 1000,
      [`CPU µs/request at ${connections}`]: cpuMicros / result.count,
      ...(connections === 1
        ? { 'p50 µs at 1': result.p50Ms * 1000, 'p99 µs at 1': result.p99Ms * 1000 }
        : {}),
    }
  }

const bulk =
  (direction: 'download' | 'upload'): Measure =>
  async ({ load, effort }, subject) => {
    await load.call('open', { route: subject.route, connections: 1 })
    await load.call(direction, { bytes: effort.bulkBytes / 16 })
    const { result, cpuMicros } = await withCpu(subject, () =>
      load.call<Timed>(direction, { bytes: effort.bulkBytes }),
    )
    await load.call('close')
    const megabytes = effort.bulkBytes / 1e6
    return {
      [`${direction} MB/s`]: (megabytes / result.elapsedMs) * 1000,
      [`${direction} CPU ms/MB`]: cpuMicros / 1000 / megabytes,
    }
  }

const newConnections: Measure = async ({ load, effort }, subject) => {
  const { result, cpuMicros } = await withCpu(subject, () =>
    load.call<Timed>('connections', { route: subject.route, parallel: 8, durationMs: effort.durationMs }),
  )
  return {
    'new connections/s': (result.count / result.elapsedMs) * 1000,
    'CPU µs/connection': cpuMicros / result.count,
  }
}

const coldHost: Measure = async (bench, subject) => {
  const count = bench.effort.coldHosts
  const hosts = { route: subject.route, from: bench.nextHosts(subject, count), count, atOnce: false }
  const { p50Ms } = await bench.load.call<Timed>('unseen', hosts)
  return { "never-seen host's first byte, ms": p50Ms }
}

const warmWhileMinting: Measure = async (bench, subject) => {
  await bench.load.call('open', { route: subject.route, connections: 1 })
  await bench.load.call('requests', { connections: 1, durationMs: 100 })
  await bench.load.call('startWarm')
  await sleep(50)
  const hosts = { route: subject.route, from: bench.nextHosts(subject, burst), count: burst, atOnce: true }
  try {
    const { maxMs } = await bench.burstLoad.call<Timed>('unseen', hosts)
    const warm = await bench.load.call<Timed>('endWarm')
    return { 'worst wait while 50 hosts are minted, ms': warm.maxMs, 'last of those 50, ms': maxMs }
  } finally {
    await bench.load.call('close')
  }
}

export const scenarios: readonly Scenario[] = [
  { name: 'requests at 1', measure: requestsOn(1) },
  { name: 'requests at 16', measure: requestsOn(16) },
  { name: 'requests at 64', measure: requestsOn(64) },
  { name: 'a fresh token', measure: freshToken },
  { name: 'download', measure: bulk('download') },
  { name: 'upload', measure: bulk('upload') },
  { name: 'new connections', measure: newConnections },
  { name: 'never-seen hosts', measure: coldHost },
  { name: 'fifty hosts beside a warm client', measure: warmWhileMinting },
]
