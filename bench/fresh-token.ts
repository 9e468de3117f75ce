import type { Timed } from './load.ts'
import { refreshedHost, warmHost } from './material.ts'
import type { Bench, Measure, Subject } from './measure.ts'
import { withCpu } from './with-cpu.ts'

const connections = 16
/** Both take small turns, and each goes first in half of them, so that other work on the machine meets both alike. */
const turns = 4

/**
 * The cost of a request with a refreshed token that is still fresh, beside a request with a static bearer. Only hallpass
 * has such tokens.
 */
export const freshToken: Measure = async (bench, subject) => {
  if (subject.name !== 'hallpass') return {}
  let fixed = 0
  let refreshed = 0
  for (let turn = 0; turn < turns; turn++) {
    if (turn % 2 === 1) refreshed += (await cpuPerRequest(bench, subject, refreshedHost)) / turns
    fixed += (await cpuPerRequest(bench, subject, warmHost)) / turns
    if (turn % 2 === 0) refreshed += (await cpuPerRequest(bench, subject, refreshedHost)) / turns
  }
  return {
    'CPU µs/request, static bearer': fixed,
    'CPU µs/request, refreshed token': refreshed,
    'CPU of a refreshed token ÷ static bearer': refreshed / fixed,
  }
}

async function cpuPerRequest({ load, effort }: Bench, subject: Subject, host: string): Promise<number> {
  await load.call('open', { route: subject.route, connections, host })
  await load.call('requests', { connections, durationMs: effort.warmUpMs })
  const { result, cpuMicros } = await withCpu(subject, () =>
    load.call<Timed>('requests', { connections, durationMs: effort.durationMs / turns }),
  )
  await load.call('close')
  return cpuMicros / result.count
}
