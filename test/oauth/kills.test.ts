import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Home } from '../../src/store/home.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { sessionHere } from './session-here.ts'
import { definitionFor, openAgain } from './signed-in.ts'
import { startWorker, type Worker } from './start-worker.ts'

/** The lock of a dead process would delay everything for thirty seconds. */
const staleLockMs = 20_000
const hour = 3_600_000

type Fate = 'works' | 'needs-login'

/** A moment of a refresh at which the worker is killed, and the possible states of the session afterwards. */
interface Moment {
  /** Resolves when the worker is gone. */
  readonly killAt: (server: AuthorizationServer, worker: Worker, name: string) => Promise<void>
  readonly allowed: readonly Fate[]
  readonly times: number
}

const moments: Readonly<Record<string, Moment>> = {
  'between the lock and the deed of the server': {
    async killAt(server, worker, name) {
      const came = observed(server, 'came')
      // The server has received the request and never acts on it.
      server.instead.push(() => {})
      ignored(worker.ask('refresh', { name }))
      await came
      await worker.kill()
    },
    allowed: ['works'],
    times: 6,
  },
  'between the deed of the server and its answer': {
    async killAt(server, worker, name) {
      const done = observed(server, 'done')
      server.after.push(() => {})
      ignored(worker.ask('refresh', { name }))
      await done
      await worker.kill()
    },
    allowed: ['needs-login'],
    times: 6,
  },
  'when the answer has gone': {
    async killAt(server, worker, name) {
      const answered = observed(server, 'answered')
      ignored(worker.ask('refresh', { name }))
      await answered
      await worker.kill()
    },
    allowed: ['works', 'needs-login'],
    times: 6,
  },
  'after the save': {
    async killAt(_, worker, name) {
      expect(await worker.ask('refresh', { name })).toEqual({ kind: 'refreshed' })
      await worker.kill()
    },
    allowed: ['works'],
    times: 6,
  },
}

describe('a process killed while it refreshes', () => {
  it.each(Object.entries(moments))(
    '%s leaves a session that works or says that it needs a login',
    async (_, moment) => {
      const home = temporaryHome()
      await openAgain(home)
      await inTwoLanes(moment.times, async (server, n) => {
        const name = await signInAs(`t${n}`, server, home)
        await moment.killAt(server, await startWorker(home.root), name)
        expect(moment.allowed).toContain(await fateOf(server, home, name))
      })
    },
    120_000,
  )

  it('at twenty moments of the refresh loses the login twice at most, and only after the server has acted', async () => {
    const home = temporaryHome()
    await openAgain(home)
    const fates: Fate[] = []
    let wholeMs: number | undefined
    await inTwoLanes(22, async (server, n) => {
      const name = await signInAs(`t${n}`, server, home)
      const worker = await startWorker(home.root)
      const { reuses } = server.record
      const begun = performance.now()
      const answer = worker.ask('refresh', { name })
      // Two whole refreshes to measure. The first compiles the code for the later ones, so the shorter time counts.
      if (n < 2) {
        expect(await answer).toEqual({ kind: 'refreshed' })
        wholeMs = Math.min(performance.now() - begun, wholeMs ?? Number.POSITIVE_INFINITY)
        return
      }
      ignored(answer)
      await sleep(((wholeMs ?? 0) * (n - 1)) / 20)
      await worker.kill()
      // The server still answers the request of the dead process. That must happen before the next process asks.
      await server.idle()
      const fate = await fateOf(server, home, name)
      fates.push(fate)
      // Only a refresh token that the server has replaced is lost, and the server counts those.
      expect(server.record.reuses).toBe(fate === 'works' ? reuses : reuses + 1)
    })
    expect(fates).toHaveLength(20)
    expect(fates.filter((fate) => fate === 'needs-login').length).toBeLessThanOrEqual(2)
  })
})

async function signInAs(name: string, server: AuthorizationServer, home: Home): Promise<string> {
  const hallpass = await openAgain(home)
  await hallpass.saveTokens(name, definitionFor(server), JSON.stringify(await server.issue()))
  return name
}

/** Tries the session in the next process, at once and after the access token has run out. */
async function fateOf(server: AuthorizationServer, home: Home, name: string): Promise<Fate> {
  const { session: now } = await sessionHere(home)
  const outcome = await within(staleLockMs, now.tokens.refresh(name, { because: 'asked' }))
  // While the access token lives, no caller makes hallpass risk a refresh token of unknown fate.
  expect(outcome.kind).not.toBe('needs-login')
  const { session: later } = await sessionHere(home, { now: () => Date.now() + 2 * hour })
  const { kind } = await within(staleLockMs, later.tokens.refresh(name, { because: 'expired' }))
  const { value, freshness } = await (await sessionHere(home)).session.credentials.get(name)
  const response = await fetch(server.resource, { headers: { authorization: `Bearer ${value?.reveal()}` } })
  await response.arrayBuffer()
  if (kind === 'needs-login') {
    expect(freshness?.needsLogin).toEqual(expect.any(String))
    return 'needs-login'
  }
  expect(['refreshed', 'adopted']).toContain(kind)
  expect(freshness?.needsLogin).toBeUndefined()
  expect(response.status).toBe(200)
  return 'works'
}

function observed(server: AuthorizationServer, wanted: 'came' | 'done' | 'answered'): Promise<void> {
  return new Promise((resolve) => {
    server.observe = (moment) => {
      if (moment === wanted) resolve()
    }
  })
}

/** For the answer of a worker that is killed before it can answer. */
function ignored(answer: Promise<unknown>): void {
  answer.catch(() => undefined)
}

/** Two lanes, because there are few cores. Each has a server, so that no lane sees the moments of the other. */
async function inTwoLanes(
  times: number,
  run: (server: AuthorizationServer, n: number) => Promise<void>,
): Promise<void> {
  const all = Array.from({ length: times }, (_, n) => n).values()
  const lane = async () => {
    await using server = await startAuthorizationServer()
    for (const n of all) await run(server, n)
  }
  await Promise.all([lane(), lane()])
}

async function within<T>(ms: number, run: Promise<T>): Promise<T> {
  const late = new AbortController()
  const limit = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`nothing after ${ms} ms`)
  })
  return Promise.race([run, limit]).finally(() => {
    limit.catch(() => undefined)
    late.abort()
  })
}
