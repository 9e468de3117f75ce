import { randomBytes } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import type { DueRefresh } from '../oauth/keep-fresh.ts'
import type { Refresher } from '../oauth/refresher.ts'
import { checkName } from '../store/names.ts'
import { type SessionMetadata, type Store, sessionMissing } from '../store/store.ts'
import { planCache } from './plan-memo.ts'
import { Session, type SessionsConfig } from './session.ts'
import { jarCache } from './site-jar.ts'

export interface CreateOptions {
  /** Without a name it is temporary, with an id of its own. */
  readonly name?: string | undefined
  readonly ttlSeconds?: number | undefined
}

/** The session that is always there. */
export const defaultSession = 'default'

const temporaryPrefix = 'sess_'

/** A temporary session that nobody said a time for: a day's work. */
const temporaryTtlSeconds = 86_400

/** Ten years: later is "never", and a Date has an end. */
const maxTtlSeconds = 10 * 366 * 86_400

/** "Last used" is to the minute: a write for each connection would cost more than it tells. */
const lastUsedEveryMs = 60_000

export interface SessionsParts {
  readonly store: Store
  readonly config: SessionsConfig
  readonly now?: () => number
  /** Without it tokens are used as they are. */
  readonly refresher?: Refresher
}

/** The sessions of a store. Expired ones are gone for whoever asks, and then also from the store. */
export class Sessions {
  readonly #store: Store
  readonly #config: SessionsConfig
  readonly #now: () => number
  readonly #refresher: Refresher | undefined
  /** Of all sessions together: what one leaves free is another's. */
  readonly #plans = planCache()
  readonly #jars = jarCache()
  readonly #sessions = new Map<string, Session>()

  /** @internal */
  constructor({ store, config, now = Date.now, refresher }: SessionsParts) {
    this.#store = store
    this.#config = config
    this.#now = now
    this.#refresher = refresher
  }

  /** Throws `session-missing`, also for an expired one. */
  async get(name: string): Promise<Session> {
    checkName('session', name)
    const metadata = await this.#metadata(name)
    if (metadata === undefined) {
      this.#sessions.delete(name)
      throw sessionMissing(name)
    }
    const held = this.#sessions.get(name)
    if (held !== undefined) {
      held.adopt(metadata)
      return held
    }
    const session = new Session(metadata, {
      store: this.#store,
      config: this.#config,
      plans: this.#plans,
      jars: this.#jars,
      now: this.#now,
      metadataNow: () => this.#metadata(name),
      refresher: this.#refresher,
    })
    this.#sessions.set(name, session)
    return session
  }

  /** By name, the default one always among them. */
  async list(): Promise<readonly SessionMetadata[]> {
    const names = new Set([...(await this.#store.sessions()), defaultSession])
    const found: SessionMetadata[] = []
    for (const name of [...names].sort()) {
      const metadata = await this.#metadata(name)
      if (metadata !== undefined) found.push(metadata)
    }
    return found
  }

  async create(options: CreateOptions = {}): Promise<Session> {
    const { ttlSeconds } = options
    const name = options.name ?? `${temporaryPrefix}${randomBytes(16).toString('hex')}`
    checkName('session', name)
    if (options.name?.startsWith(temporaryPrefix) === true) {
      throw new HallpassError(
        'name-invalid',
        `names that begin with "${temporaryPrefix}" are for temporary sessions`,
      )
    }
    if (
      ttlSeconds !== undefined &&
      !(Number.isSafeInteger(ttlSeconds) && ttlSeconds > 0 && ttlSeconds <= maxTtlSeconds)
    ) {
      throw new HallpassError(
        'usage',
        'the life of a session is a whole number of seconds, ten years at most',
      )
    }
    if (name === defaultSession || (await this.#read(name)) !== undefined) {
      throw new HallpassError('name-invalid', `there is a session "${name}" already`, {
        hint: `hallpass session show ${name}`,
      })
    }
    await this.#makeRoom()
    const now = this.#now()
    const ttl = ttlSeconds ?? (options.name === undefined ? temporaryTtlSeconds : undefined)
    await this.#store.writeSession({
      name,
      createdAt: new Date(now).toISOString(),
      ...(ttl !== undefined && { expiresAt: new Date(now + ttl * 1000).toISOString() }),
    })
    return this.get(name)
  }

  /** With everything in it, its client token too. The default one is there again, empty. Throws `session-missing`. */
  async remove(name: string): Promise<void> {
    checkName('session', name)
    if (name !== defaultSession && (await this.#store.readSession(name)) === undefined)
      throw sessionMissing(name)
    await this.#drop(name)
  }

  /**
   * Notes that a client uses a session. What it cannot note it leaves: no request waits for it or fails by it.
   * @internal
   */
  async touch(session: Session): Promise<void> {
    const now = this.#now()
    const { lastUsedAt } = session.metadata
    if (lastUsedAt !== undefined && now - Date.parse(lastUsedAt) < lastUsedEveryMs) return
    const used = new Date(now).toISOString()
    session.adopt({ ...session.metadata, lastUsedAt: used })
    await this.#store.updateSession(session.name, (written) => ({ ...written, lastUsedAt: used }))
  }

  /**
   * Tokens of all sessions that were used since then and will have to be refreshed, each with how.
   * @internal
   */
  async dueTokens(usedSince: number): Promise<readonly DueRefresh[]> {
    const all = await Promise.all(
      [...this.#sessions.values()].map(async (session) => {
        const due = await session.tokens.due(usedSince)
        return due.map(({ name, dueAt }) => ({
          dueAt,
          refresh: () => session.tokens.refresh(name, { because: 'due' }),
        }))
      }),
    )
    return all.flat()
  }

  /**
   * One more attempt to save what could not be saved, before the process ends.
   * @internal
   */
  async flush(): Promise<void> {
    await this.#refresher?.settled()
    await Promise.all([...this.#sessions.values()].map((session) => session.flush()))
  }

  /** The metadata of a session that has not expired. */
  async #read(name: string): Promise<SessionMetadata | undefined> {
    const metadata = await this.#store.readSession(name)
    if (metadata?.expiresAt === undefined || this.#now() < Date.parse(metadata.expiresAt)) return metadata
    await this.#drop(name)
    return undefined
  }

  /** The same; the default one is made when it is not there. */
  async #metadata(name: string): Promise<SessionMetadata | undefined> {
    const metadata = await this.#read(name)
    return metadata ?? (name === defaultSession ? this.#makeDefault() : undefined)
  }

  async #makeDefault(): Promise<SessionMetadata> {
    const made = { name: defaultSession, createdAt: new Date(this.#now()).toISOString() }
    await this.#store.writeSession(made)
    return made
  }

  async #drop(name: string): Promise<void> {
    await this.#store.removeSession(name)
    this.#sessions.delete(name)
  }

  async #makeRoom(): Promise<void> {
    const max = this.#config.maxSessions
    if (max === undefined) return
    const sessions = await this.list()
    if (sessions.length < max) return
    const [oldest] = sessions
      .filter(({ name }) => name.startsWith(temporaryPrefix))
      .toSorted((a, b) => lastUse(a) - lastUse(b))
    if (oldest === undefined) {
      throw new HallpassError('failed', `there are ${sessions.length} sessions; maxSessions allows no more`, {
        hint: 'hallpass session rm NAME',
      })
    }
    await this.#drop(oldest.name)
  }
}

function lastUse({ lastUsedAt, createdAt }: SessionMetadata): number {
  return Date.parse(lastUsedAt ?? createdAt)
}
