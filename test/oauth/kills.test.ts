import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Home } from '../../src/store/home.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { sessionHere } from './session-here.ts'
import { definitionFor, openAgain } from './signed-in.ts'
import { startWorker, type Worker } from './start-worker.ts'

/** Under a lock that a dead process held, nothing would come for thirty seconds. */
const staleLockMs = 20_000
const hour = 3_600_000

type Fate = 'works' | 'needs-login'

/** A moment of a refresh in a worker, and what can be said of the session when the worker was killed then. */
interface Moment {
  /** Resolves with nothing of the worker left. */
  readonly killAt: (server: AuthorizationServer, worker: Worker, name: string) => Promise<void>
  readonly allowed: readonly Fate[]
  readonly times: number
}

const moments: Readonly<Record<string, Moment>> = {
  'between the lock and the deed of the server': {
    async killAt(server, worker, name) {
      const came = observed(server, 'came')
      // The server has the request and never does anything with it.
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
    '%s leaves a session that works or says that it needs login',
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

  it('at twenty moments spread over it is lost twice at most, and only when the server had acted', async () => {
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
      // Two whole ones to measure: the first compiles what the later ones use.
      if (n < 2) {
        expect(await answer).toEqual({ kind: 'refreshed' })
        wholeMs = Math.min(performance.now() - begun, wholeMs ?? Number.POSITIVE_INFINITY)
        return
      }
      ignored(answer)
      await sleep(((wholeMs ?? 0) * (n - 1)) / 20)
      await worker.kill()
      // What a dead process has asked is answered all the same, and must not come behind what the next one asks.
      await server.idle()
      const fate = await fateOf(server, home, name)
      fates.push(fate)
      // Lost is only what the server had replaced: it says so itself.
      expect(server.record.reuses).toBe(fate === 'works' ? reuses : reuses + 1)
    })
    expect(fates).toHaveLength(20)
    expect(fates.filter((fate) => fate === 'needs-login').length).toBeLessThanOrEqual(2)
  }, 120_000)
})

async function signInAs(name: string, server: AuthorizationServer, home: Home): Promise<string> {
  const hallpass = await openAgain(home)
  await hallpass.saveTokens(name, definitionFor(server), JSON.stringify(await server.issue()))
  return name
}

/** What the next process makes of it: at once, and when the access token has run out. */
async function fateOf(server: AuthorizationServer, home: Home, name: string): Promise<Fate> {
  const { session: now } = await sessionHere(home)
  const outcome = await within(staleLockMs, now.tokens.refresh(name, { because: 'asked' }))
  // As long as the access token lives it is used, and a refresh token of unknown fate is not risked, whoever asks.
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

/** Of a worker that is killed before it can answer. */
function ignored(answer: Promise<unknown>): void {
  answer.catch(() => undefined)
}

/** There are few cores, and a server each, so that the moments of one are not taken for the other's. */
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
