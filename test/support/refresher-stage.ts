import type { OAuth2Definition, OAuth2Value } from '../../src/credentials/oauth2.ts'
import { type Log, silentLog } from '../../src/log.ts'
import {
  type HeldTokens,
  Refresher,
  type RefreshOutcome,
  type RefreshReason,
  type TokenRecord,
} from '../../src/oauth/refresher.ts'
import { Secret } from '../../src/secret.ts'
import type { Json } from '../../src/store/store.ts'
import { SmallStore } from './small-store.ts'
import { loopbackFetch, startTokenServer, type TokenServer } from './token-server.ts'

export const id = { kind: 'credential', session: 'default', name: 'api' } as const
export const begin = Date.UTC(2026, 0, 1)
export const hour = 3_600_000

/**
 * A refresher, the record and the server of its tokens, and a clock that the test moves.
 * The access token has just expired.
 */
export class RefresherStage {
  readonly server: TokenServer
  readonly store = new SmallStore()
  now = begin + hour
  definition: OAuth2Definition
  refresher: Refresher
  /** The lines of the log. */
  readonly lines: string[] = []
  readonly scrubbed: string[] = []
  readonly saves: OAuth2Value[] = []

  static async set(): Promise<RefresherStage> {
    const stage = new RefresherStage(await startTokenServer())
    await stage.store.addSession({ name: 'default', id: 'one', createdAt: '' })
    await stage.seal({ tokens: tokens(1) })
    return stage
  }

  private constructor(server: TokenServer) {
    this.server = server
    this.definition = { kind: 'oauth2', tokenEndpoint: server.url, clientId: 'c', clientAuth: 'none' }
    this.refresher = this.process()
  }

  /** The refresher of one more process. */
  process(deadlineMs?: number): Refresher {
    const say = (message: string, fields?: unknown) => {
      this.lines.push(`${message} ${JSON.stringify(fields)}`)
    }
    const log: Log = {
      ...silentLog,
      info: say,
      warn: say,
      error: say,
      scrub: (secret) => void this.scrubbed.push(secret.reveal()),
    }
    return new Refresher({ fetch: loopbackFetch(deadlineMs), now: () => this.now, log })
  }

  refresh(why: RefreshReason = { because: 'expired' }, by = this.refresher): Promise<RefreshOutcome> {
    const { signal } = new AbortController()
    const of = { id: 'one/api', label: 'default/api', ended: signal }
    return by.refresh(of, this.#record(), this.definition, why)
  }

  /** The refresh tokens that came to the server. */
  sent() {
    return this.server.asked.map((form) => form.get('refresh_token'))
  }

  async sealed(): Promise<OAuth2Value> {
    return (await this.store.read(id))?.value as unknown as OAuth2Value
  }

  async seal(value: Partial<OAuth2Value>): Promise<void> {
    await this.store.update(id, () => ({ refreshes: 0, ...value }) as unknown as Json)
  }

  /** The record as a refresher sees it. Several of them stand for several processes. */
  #record(): TokenRecord {
    return {
      read: () => this.sealed(),
      exclusive: (work) =>
        this.store.exclusive(id, ({ value, save }) => {
          const saving = async (next: OAuth2Value) => {
            await save(JSON.parse(JSON.stringify(next)) as Json)
            this.saves.push(next)
          }
          const held: HeldTokens = {
            value: value as unknown as OAuth2Value,
            unsaved: false,
            save: saving,
            keep: (next) =>
              saving(next).then(
                () => 'saved',
                () => 'kept',
              ),
          }
          return work(held)
        }),
    }
  }
}

export const tokens = (number: number) => ({
  accessToken: `access-${number}`,
  refreshToken: `refresh-${number}`,
  receivedAt: begin,
  expiresAt: begin + hour,
})

export const rejected = (token: string): RefreshReason => ({
  because: 'rejected',
  accessToken: new Secret(token),
})
