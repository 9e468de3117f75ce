import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Authority } from '../certs/authority.ts'
import { writeBundle } from '../certs/bundle.ts'
import { Leaves } from '../certs/leaves.ts'
import { upstreamRoots } from '../certs/roots.ts'
import { writeWgetrc } from '../certs/wgetrc.ts'
import { applyEnvironment, childEnvironment } from '../environment/child-environment.ts'
import { inPath } from '../environment/tool-settings.ts'
import { silentLog } from '../log.ts'
import { startProxy } from '../proxy/proxy.ts'
import { Clients } from '../sessions/clients.ts'
import { Sessions } from '../sessions/sessions.ts'
import { MemoryStore } from '../store/memory.ts'
import { bad, type Finding, good, note, type Patient } from './check.ts'
import { startTripOrigin, tripHost } from './trip-origin.ts'

/** After this time a client is stuck: everything is on this machine. */
const tripWithinMs = 20_000

export interface Traveller {
  readonly program: string
  readonly args: (url: string) => readonly string[]
  /** The remedy for a failed trip, chosen by the client's output. */
  readonly remedy: (said: string) => string
  /** Whether the client itself lacks what it needs: a fact about the client, and no fault of the installation. */
  readonly lacking?: (said: string) => boolean
}

/**
 * Sends one client through a test proxy to a TLS server that admits only requests with the injected cookie. The certificate
 * authority and the bundle are those of the installation. Session and origin live in memory, so nothing is left behind.
 */
export async function trip(patient: Patient, traveller: Traveller): Promise<readonly Finding[]> {
  const { program } = traveller
  if (!inPath(program, patient.env)) return []
  const authority = await patient.authority()
  const secret = randomBytes(16).toString('hex')
  const origin = await startTripOrigin(`trip=${secret}`)
  try {
    const ended = await travel(authority, patient, traveller, { origin, secret })
    if (ended.status === 0 && origin.letIn())
      return [good(`${program}: an injected cookie reached a test server through TLS`)]
    const last = ended.said.trim().split('\n').at(-1) ?? ''
    const why =
      ended.status === 0 ? 'the request did not go through the proxy' : last || `exit status ${ended.status}`
    const finding = traveller.lacking?.(ended.said) ? note : bad
    return [finding(`${program}: ${why.slice(0, 200)}`, traveller.remedy(ended.said))]
  } finally {
    origin.close()
  }
}

type Origin = Awaited<ReturnType<typeof startTripOrigin>>

async function travel(
  authority: Authority,
  { env, home }: Patient,
  { program, args }: Traveller,
  { origin, secret }: { readonly origin: Origin; readonly secret: string },
): Promise<{ readonly status: number | null; readonly said: string }> {
  await writeBundle(home, { authority, env })
  await writeWgetrc(home, env)
  const config = { intercept: 'known', capture: [], reveal: 'script', rules: [] } as const
  const sessions = new Sessions({ store: new MemoryStore(), config })
  const url = `https://${tripHost}:${origin.port}/`
  const session = await sessions.get('default')
  await session.cookies.set(url, { name: 'trip', value: secret, secure: true, httpOnly: true })
  const clients = new Clients(sessions)
  const proxy = await startProxy({
    listen: { host: '127.0.0.1', port: 0 },
    sessions,
    clients,
    leaves: new Leaves(authority),
    authority,
    upstreamRoots: [...upstreamRoots({ upstreamCa: [], env: {} }), origin.rootPem],
    resolve: new Map([[tripHost, '127.0.0.1']]),
    log: silentLog,
  })
  const { token } = clients.issue(session, {})
  const proxyUrl = `http://default:${token.reveal()}@127.0.0.1:${proxy.port}`
  const change = childEnvironment({
    inherited: env,
    proxyUrl,
    loopbackKnown: false,
    home,
    session: 'default',
  })
  try {
    const childEnv = applyEnvironment(env, change)
    return await ended(spawn(program, args(url), { env: childEnv, stdio: ['ignore', 'pipe', 'pipe'] }))
  } finally {
    await proxy.close({ graceMs: 0 })
  }
}

async function ended(
  child: ChildProcess,
): Promise<{ readonly status: number | null; readonly said: string }> {
  const { promise, resolve } = Promise.withResolvers<number | null>()
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10_000)
    })
  }
  const bound = setTimeout(() => child.kill('SIGKILL'), tripWithinMs)
  child.once('error', (error) => {
    said += error.message
    resolve(null)
  })
  child.once('close', (status) => resolve(status))
  try {
    return { status: await promise, said }
  } finally {
    clearTimeout(bound)
  }
}
