import type { Log } from '../../src/log.ts'
import { Refresher } from '../../src/oauth/refresher.ts'
import { tokenFetch } from '../../src/oauth/token-fetch.ts'
import type { Session } from '../../src/sessions/session.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import type { Home } from '../../src/store/home.ts'
import { openStore } from '../store/open-store.ts'
import { testRootPem } from '../support/origin.ts'

export interface HereOptions {
  readonly now?: () => number
  /** For token requests. */
  readonly deadlineMs?: number
  readonly roots?: readonly string[]
  readonly wait?: (ms: number) => Promise<unknown>
}

export interface Here {
  readonly session: Session
  readonly sessions: Sessions
  /** The lines of the log. */
  readonly messages: string[]
}

/** Opens the default session afresh in this process, with a separate clock. */
export async function sessionHere(home: Home, options: HereOptions = {}): Promise<Here> {
  const { now = Date.now, wait } = options
  const { store } = await openStore(home)
  const messages: string[] = []
  const say = (message: string, fields?: unknown) => {
    messages.push(`${message} ${JSON.stringify(fields ?? {})}`)
  }
  const log: Log = {
    request: () => {},
    info: say,
    warn: say,
    error: say,
    scrub: () => {},
    forgotten: () => 0,
    close: async () => {},
  }
  const fetch = tokenFetch({
    roots: options.roots ?? [testRootPem()],
    resolve: new Map(),
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  })
  const config = { rules: [], reveal: 'script', capture: [], intercept: 'known' } as const
  const refresher = new Refresher({ fetch, now, log, ...(wait && { wait }) })
  const sessions = new Sessions({ store, config, now, refresher })
  return { session: await sessions.get('default'), sessions, messages }
}
