import { z } from 'zod'
import { type CredentialDefinition, credentialDefinitionSchema } from '../../src/credentials/kinds.ts'
import { Refresher } from '../../src/oauth/refresher.ts'
import { applyPlan } from '../../src/plan/apply.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { Session } from '../../src/sessions/session.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { requestTo, ruleSet } from './material.ts'
import { SmallStore } from './small-store.ts'
import { loopbackFetch, startTokenServer, type TokenServer } from './token-server.ts'

export const url = 'https://api.test/'
export const second = 1000
export const begin = Date.UTC(2026, 0, 1)

/**
 * The default session of a store in memory, a server for the tokens of its credential `api`, and a clock that
 * the test moves.
 */
export class SessionStage {
  readonly server: TokenServer
  readonly store: SmallStore
  sessions: Sessions
  session: Session
  readonly #clock: { now: number }

  static async set(): Promise<SessionStage> {
    const server = await startTokenServer()
    const store = new SmallStore()
    const clock = { now: begin }
    return new SessionStage(server, store, clock, await openSession(store, clock))
  }

  private constructor(server: TokenServer, store: SmallStore, clock: { now: number }, opened: Opened) {
    this.server = server
    this.store = store
    this.sessions = opened.sessions
    this.session = opened.session
    this.#clock = clock
  }

  get now(): number {
    return this.#clock.now
  }

  set now(ms: number) {
    this.#clock.now = ms
  }

  /** Opens the session as another process does. */
  async open(credentials: Readonly<Record<string, object>> = {}): Promise<void> {
    const { sessions, session } = await openSession(this.store, this.#clock, credentials)
    this.sessions = sessions
    this.session = session
  }

  definition(more: object = {}) {
    return { kind: 'oauth2', hosts: ['api.test'], tokenEndpoint: this.server.url, clientId: 'c', ...more }
  }

  set(response: object, more: object = {}) {
    return this.session.credentials.set('api', this.definition(more), JSON.stringify(response))
  }

  planned(at = url): Promise<Plan> {
    return this.session.plan(requestTo(at), {})
  }

  async sent(at = url): Promise<string | undefined> {
    return sentBy(await this.planned(at))
  }

  /** The refresh tokens that came to the server. */
  asked() {
    return this.server.asked.map((form) => form.get('refresh_token'))
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return this.sessions.flush()
  }
}

/** The Authorization header of a request with this plan. */
export function sentBy(plan: Plan): string | undefined {
  return applyPlan(plan, { target: '/', fields: [] }).add.find(({ name }) => name === 'Authorization')?.value
}

type Opened = Pick<SessionStage, 'sessions' | 'session'>

async function openSession(
  store: SmallStore,
  clock: { now: number },
  credentials: Readonly<Record<string, object>> = {},
): Promise<Opened> {
  const definitions = Object.entries(credentials).map(
    ([name, input]) => [name, credentialDefinitionSchema(z).parse(input)] as [string, CredentialDefinition],
  )
  const config = { ...ruleSet(), credentials: new Map(definitions) }
  const now = () => clock.now
  const wait = async (ms: number) => {
    clock.now += ms
  }
  const refresher = new Refresher({ fetch: loopbackFetch(), now, wait })
  const sessions = new Sessions({ store, config, now, refresher })
  return { sessions, session: await sessions.get('default') }
}
