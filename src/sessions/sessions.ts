import { randomBytes } from 'node:crypto'
import { defaults } from '../config/schema.ts'
import { HallpassError, hallpassErrorOf } from '../errors.ts'
import type { DueRefresh } from '../oauth/keep-fresh.ts'
import type { Refresher } from '../oauth/refresher.ts'
import { checkName } from '../store/names.ts'
import { endIn, isOver, type LifeClock, laterOf, type SessionEnd } from '../store/session-end.ts'
import {
  type SessionMetadata,
  type Store,
  sessionExpired,
  sessionMissing,
  temporaryPrefix,
} from '../store/store.ts'
import { machineUptime } from '../store/uptime.ts'
import { copyRecords } from './copy-records.ts'
import { type CreateOptions, checkCreateOptions } from './create-options.ts'
import { planCache } from './plan-memo.ts'
import { Session, type SessionsConfig } from './session.ts'
import { type SessionEnd as HowItEnded, SessionCounts } from './session-counts.ts'
import { SessionEvents } from './session-events.ts'
import { nextNoteAt } from './session-life.ts'
import { jarCache } from './site-jar.ts'

/** The session that always exists. */
export const defaultSession = 'default'

/** Longer than the largest session takes to copy. */
const cloneWithinSeconds = 600

export interface SessionsParts {
  readonly store: Store
  readonly config: SessionsConfig
  readonly now?: () => number
  readonly uptime?: LifeClock['uptime']
  /** The environment in which credentials find their variables. */
  readonly env?: NodeJS.ProcessEnv
  /** Without a refresher, tokens are used as they are. */
  readonly refresher?: Refresher
}

/** A session whose session.json cannot be read. Nothing but its removal mends it. */
export interface DamagedSession {
  readonly name: string
  readonly problem: string
}

export interface SessionList {
  readonly sessions: readonly SessionMetadata[]
  readonly damaged: readonly DamagedSession[]
}

/** The sessions of a store. An expired one is missing, and the next call that meets it removes it from the store. */
export class Sessions {
  /** @internal */
  readonly counts = new SessionCounts()
  readonly #store: Store
  readonly #config: SessionsConfig
  readonly #clock: LifeClock
  readonly #env: NodeJS.ProcessEnv
  readonly #refresher: Refresher | undefined
  /** All sessions share the two caches. */
  readonly #plans = planCache()
  readonly #jars = jarCache()
  readonly #sessions = new Map<string, Session>()
  /**
   * Is called when a site answers as if a login had ended.
   * @internal
   */
  onDoubt: ((session: Session, site: string) => void) | undefined
  /** @internal */
  readonly events: SessionEvents

  /** @internal */
  constructor({ store, config, now, uptime, env = {}, refresher }: SessionsParts) {
    this.#store = store
    this.#config = config
    // A test that moves its own clock does not move that of the machine.
    this.#clock = { now: now ?? Date.now, uptime: uptime ?? (now === undefined ? machineUptime : noUptime) }
    this.#env = env
    this.#refresher = refresher
    this.events = new SessionEvents(this.#clock.now)
  }

  /** Throws `session-missing`, also for an expired session. */
  async get(name: string): Promise<Session> {
    checkName('session', name)
    await this.#config.takeUp?.()
    const metadata = await this.#metadata(name)
    const held = this.#sessions.get(name)
    if (typeof metadata === 'object' && held?.id === metadata.id) {
      held.adopt(metadata)
      return held
    }
    if (held !== undefined) this.#lost(held, metadata)
    if (metadata === 'expired') throw sessionExpired(name)
    if (metadata === undefined) throw sessionMissing(name)
    const session = new Session(metadata, {
      store: this.#store,
      config: this.#config,
      plans: this.#plans,
      jars: this.#jars,
      clock: this.#clock,
      doubted: (doubtful, site) => this.onDoubt?.(doubtful, site),
      env: this.#env,
      refresher: this.#refresher,
      events: this.events,
    })
    this.#sessions.set(name, session)
    return session
  }

  /** Sorted by name. The default session is always among them, and no damaged session is. */
  async list(): Promise<readonly SessionMetadata[]> {
    return (await this.listWithDamaged()).sessions
  }

  /** @internal */
  async listWithDamaged(): Promise<SessionList> {
    const sessions: SessionMetadata[] = []
    const damaged: DamagedSession[] = []
    for (const name of await this.#names()) {
      try {
        const metadata = await this.#metadata(name)
        if (typeof metadata === 'object') sessions.push(metadata)
      } catch (error) {
        const { code, message } = hallpassErrorOf(error)
        if (code !== 'record-damaged') throw error
        damaged.push({ name, problem: message })
      }
    }
    return { sessions, damaged }
  }

  /**
   * What `look` finds in each session. A session that is damaged, or that somebody removes meanwhile, does not hide the others.
   * @internal
   */
  async inEach<T>(look: (session: Session) => Promise<readonly T[]>): Promise<readonly T[]> {
    const found = (await this.#names()).map((name) => this.get(name).then(look).catch(nothingIfLost))
    return (await Promise.all(found)).flat()
  }

  /** Throws `name-invalid` for a name that is taken or cannot be one, and `usage` for another option. */
  async create(options: CreateOptions = {}): Promise<Session> {
    return this.#add(await this.#prepared(options))
  }

  /**
   * Makes a session with the cookies, web storage, credentials, traits and fields of another one. Its life begins anew. The refresh
   * tokens of the other session stay there, because only one session can use them. Throws as `create` and `get` do, and
   * `record-damaged`.
   *
   * @param to the name; without it the clone is temporary
   */
  async clone(from: string, to?: string): Promise<Session> {
    const source = await this.get(from)
    const { ttlSeconds, renew, userAgent, viewport, locale, timeZone, fields } = source.metadata
    const traits = { userAgent, viewport, locale, timeZone, fields }
    const made = await this.#prepared({ name: to, ttlSeconds, renew, ...traits }, from)
    // After a kill in the middle, half a clone expires by itself.
    const halfway = endIn(cloneWithinSeconds, this.#clock)
    await this.#add({ ...made, ...halfway })
    const isMade = ({ id }: SessionMetadata) => id === made.id
    try {
      await copyRecords(this.#store, source.metadata, made)
      await this.#store.updateSession(made.name, (written) =>
        isMade(written) ? completed(written, made, halfway) : written,
      )
    } catch (error) {
      await this.#drop(made.name, 'removed', isMade)
      throw error
    }
    return this.get(made.name)
  }

  /** Removes a session with everything in it, and ends its client token. The default session exists again at once, empty. Throws `session-missing`. */
  async remove(name: string): Promise<void> {
    checkName('session', name)
    // It is not read, because nothing but its removal mends a damaged one.
    if (name !== defaultSession && !(await this.#store.sessions()).includes(name)) throw sessionMissing(name)
    await this.#drop(name, 'removed')
  }

  /** Removes each session that has expired, with its records and its browser profile. Returns the removed ones. */
  async prune(): Promise<readonly SessionMetadata[]> {
    const removed: SessionMetadata[] = []
    for (const name of await this.#store.sessions()) {
      const metadata = await this.#store.readSession(name).catch((error) => void nothingIfLost(error))
      if (metadata === undefined || !isOver(metadata, this.#clock)) continue
      if (await this.#drop(name, 'expired', this.#expired(metadata))) removed.push(metadata)
    }
    await this.#store.finishRemovals()
    return removed
  }

  /**
   * Ends each held session that another process has removed, or that has expired. A new request notices it by itself; a tunnel in
   * which nobody asks does not.
   * @internal
   */
  async endRemoved(): Promise<void> {
    for (const held of [...this.#sessions.values()]) {
      // If its file cannot be read, the next request gets the error.
      const now = await this.#read(held.name).catch(() => held.metadata)
      if (typeof now !== 'object' || now.id !== held.id) this.#lost(held, now)
    }
  }

  /**
   * The tokens, of all sessions, that were used since then and need a refresh at some time.
   * @internal
   */
  async dueTokens(usedSince: number): Promise<readonly DueRefresh[]> {
    const all = await Promise.all(
      [...this.#sessions.values()].map(async (session) => {
        const due = await session.tokens.due(usedSince).catch(nothingIfLost)
        return due.map(({ name, dueAt }) => ({
          dueAt,
          refresh: () => session.tokens.refresh(name, { because: 'due' }),
        }))
      }),
    )
    return all.flat()
  }

  /**
   * The sessions that this process uses.
   * @internal
   */
  get held(): readonly Session[] {
    return [...this.#sessions.values()]
  }

  /**
   * Writes when each site was last used.
   * @internal
   */
  async saveUse(): Promise<void> {
    for (const session of [...this.#sessions.values()]) await session.health.saveUse()
  }

  /**
   * Tries once more to save every unsaved change, before the process ends.
   * @internal
   */
  async flush(): Promise<void> {
    await this.#refresher?.settled()
    await Promise.all([...this.#sessions.values()].map((session) => session.flush()))
  }

  async #names(): Promise<readonly string[]> {
    return [...new Set([...(await this.#store.sessions()), defaultSession])].sort()
  }

  /** The metadata of a session that has not expired. */
  async #read(name: string): Promise<SessionMetadata | 'expired' | undefined> {
    const metadata = await this.#store.readSession(name)
    if (metadata === undefined || !isOver(metadata, this.#clock)) return metadata
    if (await this.#drop(name, 'expired', this.#expired(metadata))) return 'expired'
    const now = await this.#store.readSession(name)
    return now?.id === metadata.id ? now : 'expired'
  }

  /** Another process may have renewed it since, or removed it and made it again. */
  #expired({ id }: SessionMetadata): (session: SessionMetadata) => boolean {
    return (session) => session.id === id && isOver(session, this.#clock)
  }

  /** The same. Makes the default session when it is missing. */
  async #metadata(name: string): Promise<SessionMetadata | 'expired' | undefined> {
    const metadata = await this.#read(name)
    if (metadata !== undefined || name !== defaultSession) return metadata
    return this.#addMade(this.#made(name))
  }

  #made(name: string): SessionMetadata {
    return { name, id: randomBytes(16).toString('hex'), createdAt: new Date(this.#clock.now()).toISOString() }
  }

  /** The metadata of a session that can be added. @param spared no room is made at the cost of this session */
  async #prepared(options: CreateOptions, spared?: string): Promise<SessionMetadata> {
    const { name: given, traits, ...life } = checkCreateOptions(options)
    const name = given ?? `${temporaryPrefix}${randomBytes(16).toString('hex')}`
    if (name === defaultSession || typeof (await this.#read(name)) === 'object') throw takenName(name)
    await this.#makeRoom(spared)
    const ttl =
      life.ttlSeconds ?? (given === undefined ? (this.#config.sessionTtl ?? defaults.sessionTtl) : undefined)
    const renew = life.renew ?? this.#config.sessionRenewal ?? defaults.sessionRenewal
    return {
      ...this.#made(name),
      ...traits,
      ...(ttl !== undefined && { ttlSeconds: ttl, renew, ...endIn(ttl, this.#clock) }),
    }
  }

  async #add(made: SessionMetadata): Promise<Session> {
    // Another process may have made it since the look.
    if ((await this.#addMade(made)).id !== made.id) throw takenName(made.name)
    return this.get(made.name)
  }

  /** Returns the metadata of the session that has the name then. */
  async #addMade(made: SessionMetadata): Promise<SessionMetadata> {
    const there = await this.#store.addSession(made)
    if (there.id !== made.id) return there
    this.counts.created += 1
    this.events.emit({ type: 'created', session: made.name })
    return there
  }

  async #drop(name: string, how: HowItEnded, only?: (session: SessionMetadata) => boolean): Promise<boolean> {
    const { createdAt } = (await this.#store.readSession(name).catch(() => undefined)) ?? {}
    // While it is being removed, somebody may make it again.
    const held = this.#sessions.get(name)
    const removed = await this.#store.removeSession(name, only)
    if (!removed) return false
    if (held !== undefined) this.#end(held)
    this.events.emit({ type: how, session: name })
    this.counts.end(how, createdAt === undefined ? undefined : this.#clock.now() - Date.parse(createdAt))
    return true
  }

  /** Ends a session that has expired, or that another process has removed. */
  #lost(held: Session, found: SessionMetadata | 'expired' | undefined): void {
    // The look that found it expired was the event.
    if (found !== 'expired') this.events.emit({ type: 'removed', session: held.name })
    this.#end(held)
  }

  #end(session: Session): void {
    session.end()
    if (this.#sessions.get(session.name) === session) this.#sessions.delete(session.name)
  }

  async #makeRoom(spared: string | undefined): Promise<void> {
    const max = this.#config.maxSessions
    if (max === undefined) return
    const { sessions, damaged } = await this.listWithDamaged()
    const count = sessions.length + damaged.length
    // More than one when maxSessions has been lowered.
    const tooMany = count + 1 - max
    if (tooMany <= 0) return
    const oldest = sessions
      .filter(({ name }) => name.startsWith(temporaryPrefix) && name !== spared)
      .toSorted((a, b) => latestUse(a) - latestUse(b))
      .slice(0, tooMany)
    if (oldest.length < tooMany) {
      throw new HallpassError('failed', `there are ${count} sessions, and maxSessions is ${max}`, {
        hint: 'hallpass session rm NAME',
      })
    }
    for (const { name, id, lastUsedAt } of oldest) {
      const isUnused = (session: SessionMetadata) => session.id === id && session.lastUsedAt === lastUsedAt
      // Somebody used it or removed it meanwhile, so it is another one's turn.
      if (!(await this.#drop(name, 'evicted', isUnused))) return this.#makeRoom(spared)
    }
  }
}

/** For work on all sessions, when one of them was removed or is damaged. */
export function nothingIfLost(error: unknown): readonly never[] {
  const { code } = hallpassErrorOf(error)
  if (code === 'session-missing' || code === 'record-damaged') return []
  throw error
}

/** A clone with the end of its own in place of that of half a clone. A touch or an extension during the copy stays. */
function completed(written: SessionMetadata, made: SessionMetadata, halfway: SessionEnd): SessionMetadata {
  const { expiresAt, endsAtUptime, ...lasting } = written
  if (made.expiresAt === undefined) return lasting
  return { ...lasting, ...laterOf(made, expiresAt === halfway.expiresAt ? made : written) }
}

function noUptime(): undefined {}

function takenName(name: string): HallpassError {
  return new HallpassError('name-invalid', `there is a session "${name}" already`, {
    hint: `hallpass session show ${name}`,
  })
}

/** Uses soon after a noted one are not noted, so a busy session may have been used as late as this. */
function latestUse(session: SessionMetadata): number {
  return nextNoteAt(session) ?? Date.parse(session.createdAt)
}
