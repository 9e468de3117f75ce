import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Usage } from './child.ts'
import type { Route } from './client.ts'
import { startOfCommand } from './command.ts'
import { domain, makeMaterial, warmHost } from './material.ts'
import type { Bench, Measured, Subject } from './measure.ts'
import { type Results, record, toJson, toText } from './report.ts'
import { full, quick, type Scenario, scenarios, unseenHosts } from './scenarios.ts'
import { pinningNote, Worker } from './worker.ts'

/*
 * npm run bench [-- --quick] [--json FILE] [--only NAME …] [--profile FOLDER]
 *
 * One origin, and several ways to it. Each proxy is a process of its own. In each round of a scenario every subject takes
 * its turn, so that other work on the machine meets all of them alike. A figure is the median of the rounds. The ratios count.
 */
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string', multiple: true },
    profile: { type: 'string' },
  },
})

const effort = flags.quick ? quick : full
const startedAt = Date.now()
const material = makeMaterial()
const state = mkdtempSync(join(tmpdir(), 'hallpass-bench-'))
const workers: Worker[] = []

async function start<Ready>(
  script: string,
  argument: unknown,
  options: Parameters<typeof Worker.start>[2] = {},
) {
  const worker = await Worker.start<Ready>(script, argument, options)
  workers.push(worker as Worker)
  return worker
}

interface ProxyKind {
  readonly name: string
  readonly script: string
  readonly argument: (originPort: number) => unknown
  readonly route: (ready: { port: number; ca?: string; auth?: string }) => Partial<Route>
  /** Measures a start as users make it, if the script does more than that. */
  readonly start?: () => Promise<number>
}

/** Debian's squid-openssl. A squid without TLS cannot take part. */
function squidProgram(): string | undefined {
  const program = ['/usr/sbin/squid', '/usr/local/sbin/squid'].find((path) => existsSync(path))
  if (program === undefined || !existsSync('/usr/lib/squid/security_file_certgen')) return undefined
  return program
}

const hostNames = (count: number) => [warmHost, ...Array.from({ length: count }, (_, n) => `h${n}.${domain}`)]
const squid = squidProgram()
if (squid === undefined)
  process.stderr.write('squid does not take part: no squid with ssl_bump is installed\n')

const kinds: readonly ProxyKind[] = [
  {
    name: 'tunnel',
    script: 'proxies/tunnel.ts',
    argument: (originPort) => ({ originPort }),
    route: ({ port }) => ({ proxyPort: port, injects: false }),
  },
  {
    name: 'hallpass',
    script: 'proxies/hallpass.ts',
    argument: (originPort) => ({
      originPort,
      state,
      rootPem: material.rootPem,
      names: hostNames(unseenHosts(effort)),
    }),
    route: ({ port, ca = '', auth = '' }) => ({ proxyPort: port, proxyAuth: auth, injects: true, ca: [ca] }),
    start: () => startOfCommand(join(state, 'command')),
  },
  {
    name: 'http-mitm-proxy',
    script: 'proxies/mitm.ts',
    argument: () => ({ rootPem: material.rootPem }),
    route: ({ port, ca = '' }) => ({ proxyPort: port, injects: true, ca: [ca] }),
  },
  ...(squid === undefined
    ? []
    : [
        {
          name: 'squid',
          script: 'proxies/squid.ts',
          argument: () => ({
            rootPem: material.rootPem,
            program: squid,
            names: hostNames(unseenHosts(effort)),
          }),
          route: ({ port, ca = '' }: { port: number; ca?: string }) => ({
            proxyPort: port,
            injects: true,
            ca: [ca],
          }),
        },
      ]),
]

async function subjectOf(kind: ProxyKind, direct: Route): Promise<Subject> {
  const profile = flags.profile !== undefined && kind.name === 'hallpass'
  const profiling = profile
    ? ['--cpu-prof', `--cpu-prof-dir=${flags.profile}`, '--cpu-prof-interval=200']
    : []
  const worker = await start<{ port: number; ca?: string; auth?: string }>(
    kind.script,
    kind.argument(direct.originPort),
    { proxy: true, nodeArgs: profiling },
  )
  return {
    name: kind.name,
    route: { ...direct, ...kind.route(worker.ready) },
    usage: () => worker.call<Usage>('usage'),
  }
}

/** Milliseconds until a new process is ready, with the state of an earlier start. */
async function readyMs(kind: ProxyKind, originPort: number): Promise<number> {
  if (kind.start !== undefined) return await kind.start()
  const worker = await Worker.start(kind.script, kind.argument(originPort), { proxy: true })
  await worker.stop()
  return worker.readyMs
}

/** A peer that fails at a scenario gets no figure. A failure of hallpass, or of a part of the bench, ends the run. */
async function measure(scenario: Scenario, bench: Bench, subject: Subject): Promise<Measured> {
  try {
    return await scenario.measure(bench, subject)
  } catch (error) {
    const what = `${subject.name} failed at ${scenario.name}: ${error instanceof Error ? error.message : error}`
    if (['direct', 'tunnel', 'hallpass'].includes(subject.name)) throw new Error(what, { cause: error })
    process.stderr.write(`${what.split('\n')[0]}\n`)
    return {}
  }
}

async function run(): Promise<Results> {
  const origin = await start<{ port: number }>('origin.ts', material)
  const load = (await start('load.ts', {})) as Worker
  const burstLoad = (await start('load.ts', {})) as Worker
  const originPort = origin.ready.port
  const direct: Route = { originPort, injects: false, ca: [material.rootPem] }
  const wanted = kinds.filter(({ name }) => flags.only === undefined || flags.only.includes(name))
  const subjects: Subject[] = [{ name: 'direct', route: direct }]
  for (const kind of wanted) subjects.push(await subjectOf(kind, direct))
  names.push(...subjects.map(({ name }) => name))

  const hosts = new Map<string, number>()
  const bench: Bench = {
    load,
    burstLoad,
    effort,
    nextHosts: ({ name }, count) => {
      const next = hosts.get(name) ?? 0
      hosts.set(name, next + count)
      return next
    },
  }
  const results: Results = new Map()
  for (const scenario of scenarios) {
    for (let round = 0; round < effort.rounds; round++) {
      for (const subject of subjects) record(results, subject.name, await measure(scenario, bench, subject))
    }
    process.stderr.write('.')
  }
  for (const subject of subjects) {
    const used = await subject.usage?.()
    if (used !== undefined) record(results, subject.name, { 'RSS after load, MB': used.rssBytes / 1e6 })
  }
  // The first start makes the state that the others find.
  for (const kind of wanted) await readyMs(kind, originPort)
  for (let round = 0; round < effort.rounds; round++) {
    for (const kind of wanted) record(results, kind.name, { 'ready, ms': await readyMs(kind, originPort) })
  }
  process.stderr.write('\n')
  return results
}

const names: string[] = []
const [loadBefore = 0] = loadavg()
if (loadBefore > 1)
  process.stderr.write(`the machine is busy (load ${loadBefore.toFixed(1)}), so even the ratios are rough\n`)
try {
  const results = await run()
  const about = {
    node: process.version,
    cpu: cpus()[0]?.model,
    pinning: pinningNote,
    rounds: effort.rounds,
    load: loadBefore,
    seconds: Math.round((Date.now() - startedAt) / 1000),
  }
  if (flags.json === undefined || flags.json !== '-') {
    console.log(
      `Node ${about.node} on ${about.cpu}; ${about.pinning}; medians of ${about.rounds} rounds; ${about.seconds} s\n`,
    )
    console.log(toText(results, names))
  }
  if (flags.json === '-') console.log(toJson(results, about))
  else if (flags.json !== undefined) writeFileSync(flags.json, `${toJson(results, about)}\n`)
} finally {
  await Promise.all(workers.map((worker) => worker.stop()))
  rmSync(state, { recursive: true, force: true })
}
