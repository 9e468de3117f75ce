import { beforeEach } from 'vitest'
import type { GivenCookie } from '../../src/formats/format.ts'
import type { Importable } from '../../src/sessions/import-contents.ts'
import type { Session } from '../../src/sessions/session.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { now, ruleSet } from './material.ts'

export const merge = { mode: 'merge' } as const
export const replace = { mode: 'replace' } as const

/** Each test of a file that imports this module has an empty store of its own. */
export let store: Store
/** The default session of `store`. */
export let session: Session
beforeEach(async () => {
  store = new MemoryStore()
  session = await openSession(store)
})

export async function openSession(store: Store): Promise<Session> {
  return await new Sessions({ store, config: ruleSet([]), now: () => now }).get('default')
}

export function cookie(name: string, more: Partial<GivenCookie> = {}): GivenCookie {
  return {
    name,
    value: 'v',
    domain: 'app.example.com',
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: false,
    sameSite: 'default',
    ...more,
  }
}

/** A file of these cookies, each on a line of its own. */
export function reading(cookies: readonly GivenCookie[], more: Partial<Importable> = {}): Importable {
  return {
    cookies: cookies.map((each, index) => ({ where: `line ${index + 1}`, cookie: each })),
    origins: [],
    skipped: [],
    ...more,
  }
}

export async function values(session: Session): Promise<string[]> {
  return (await session.cookies.list()).map(({ domain, name, value }) => `${domain} ${name}=${value}`)
}
