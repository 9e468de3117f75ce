import type { OAuth2Value } from '../../src/credentials/oauth2.ts'
import { applyPlan } from '../../src/plan/apply.ts'
import type { Session } from '../../src/sessions/session.ts'
import type { Sessions } from '../../src/sessions/sessions.ts'
import type { Home } from '../../src/store/home.ts'
import { openStore } from '../store/open-store.ts'
import type { AuthorizationServer, TokenResponse } from '../support/authorization-server.ts'
import { requestTo } from '../support/material.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { sessionHere } from './session-here.ts'
import { definitionFor } from './signed-in.ts'

/** A session with tokens of a server in its credential `api`, by a clock that the test moves. */
export class Stage {
  readonly home: Home
  readonly server: AuthorizationServer
  readonly issued: TokenResponse
  readonly sessions: Sessions
  readonly session: Session
  readonly messages: readonly string[]
  readonly #clock: { aheadMs: number }

  /** @param aheadMs of the true time, at the beginning */
  static async set(server: AuthorizationServer, aheadMs = 0): Promise<Stage> {
    const home = temporaryHome()
    const clock = { aheadMs }
    const now = () => Date.now() + clock.aheadMs
    const wait = async (ms: number) => {
      clock.aheadMs += ms
    }
    const { sessions, session, messages } = await sessionHere(home, { now, wait, deadlineMs: 300 })
    const issued = await server.issue()
    await session.credentials.set('api', definitionFor(server), JSON.stringify(issued))
    return new Stage({ home, server, issued, sessions, session, messages }, clock)
  }

  private constructor(
    fields: Pick<Stage, 'home' | 'server' | 'issued' | 'sessions' | 'session' | 'messages'>,
    clock: { aheadMs: number },
  ) {
    this.home = fields.home
    this.server = fields.server
    this.issued = fields.issued
    this.sessions = fields.sessions
    this.session = fields.session
    this.messages = fields.messages
    this.#clock = clock
  }

  at(aheadMs: number): void {
    this.#clock.aheadMs = aheadMs
  }

  /** The token that a request carries. Every refresh that this starts has ended when the promise resolves. */
  async attached(): Promise<string | undefined> {
    const plan = await this.session.plan(requestTo(this.server.resource), {})
    const { add } = applyPlan(plan, { target: '/', fields: [] })
    await this.session.tokens.refresh('api', { because: 'due' })
    return add.find(({ name }) => name === 'Authorization')?.value.replace(/^Bearer /, '')
  }

  /** The record on disk. */
  async sealed(): Promise<OAuth2Value> {
    const { store } = await openStore(this.home)
    const record = await store.read({ kind: 'credential', session: 'default', name: 'api' })
    if (record === undefined) throw new Error('no credential api is sealed')
    return (record.value as unknown as { secret: OAuth2Value }).secret
  }
}
