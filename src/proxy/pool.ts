import {
  connectOrigin,
  type OriginConnection,
  type Resumption,
  type Routes,
  unusedProxy,
} from './connect-origin.ts'
import { dialInTime } from './dial-in-time.ts'
import type { Limits } from './limits.ts'
import { endpointOf, lookupName, type Origin } from './origin.ts'
import type { Sweep } from './sweep.ts'
import { Upstream } from './upstream.ts'
import { upstreamError, withUnusedProxy } from './upstream-error.ts'

/** The session that a connection serves. */
export interface PoolOwner {
  readonly id: string
  readonly ended: AbortSignal
}

/** The connections of one session to one origin. */
export interface Group extends Resumption {
  readonly ended: AbortSignal
  /** The last one in is the first one out: in a lull the others reach their deadline. */
  readonly idle: Upstream[]
  readonly waiting: Set<PromiseWithResolvers<Upstream>>
  connecting: number
  /** Established connections, idle or in use. */
  open: number
}

/** Groups that are kept for their TLS tickets. */
const maxGroups = 1_000

/**
 * Keep-alive connections to origins. Sessions do not share them: an origin may tie a user's identity to a connection. Where
 * it says that it does (NTLM, Negotiate), the connection is pinned: it serves one client connection, and ends with it. Every
 * certificate is verified before the first byte of a request leaves.
 */
export class Pool {
  readonly #groups = new Map<string, Group>()
  readonly #routes: Routes
  readonly #sweep: Sweep
  readonly #limits: Limits
  readonly #open = new Map<Upstream, Group>()
  /** Idle pinned connections, one for a client connection. */
  readonly #pinned = new Map<object, Upstream>()
  readonly #closing = new AbortController()
  #idle = 0

  constructor(routes: Routes, sweep: Sweep, limits: Limits) {
    this.#routes = routes
    this.#sweep = sweep
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * An idle connection; undefined when there is no connection that is safe enough for a request of this kind.
   * @param client the client's connection, whose pinned connection comes first
   */
  take(session: PoolOwner, origin: Origin, how: 'repeatable' | 'once', client: object): Upstream | undefined {
    const group = this.#group(session, origin)
    return this.#takePinned(group, client) ?? this.#takeIdle(group, how === 'once')
  }

  /** Waits for a connection that is made or given back. */
  async next(session: PoolOwner, origin: Origin, signal: AbortSignal): Promise<Upstream> {
    const group = this.#group(session, origin)
    const turn = Promise.withResolvers<Upstream>()
    const leave = () => {
      group.waiting.delete(turn)
      turn.reject(signal.reason)
    }
    signal.addEventListener('abort', leave)
    group.waiting.add(turn)
    if (group.connecting < group.waiting.size) this.#connect(group, origin)
    try {
      return await turn.promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  /** Begins to connect before the first request comes, unless a connection is idle or on its way. */
  warm(session: PoolOwner, origin: Origin): void {
    const group = this.#group(session, origin)
    if (group.idle.length === 0 && group.connecting === 0) this.#connect(group, origin)
  }

  /** Takes a connection back after a whole exchange. `keepMs`: how long the origin keeps it, if it said so. */
  release(upstream: Upstream, keepMs: number | undefined): void {
    upstream.user = undefined
    upstream.reused = true
    const keep = Math.min(this.#limits.pooledMs, keepMs ?? this.#limits.pooledMs)
    const group = this.#open.get(upstream)
    if (group === undefined || group.ended.aborted || keep <= 0 || !upstream.usable) {
      upstream.destroy()
      return
    }
    upstream.socket.resume()
    const { pinnedTo } = upstream
    if (pinnedTo !== undefined) {
      this.unpin(pinnedTo)
      const [oldest] = this.#pinned.keys()
      // Not this one: its client may be in the middle of its sign-in, and would have to begin again.
      if (oldest !== undefined && this.#pinned.size >= this.#limits.idleTotal) this.unpin(oldest)
      this.#pinned.set(pinnedTo, upstream)
      this.#idleFrom(upstream, keep)
      return
    }
    const next = takeFirst(group.waiting)
    if (next !== undefined) {
      next.resolve(upstream)
      return
    }
    if (group.idle.length >= this.#limits.idlePerOrigin || this.#idle >= this.#limits.idleTotal) {
      upstream.destroy()
      return
    }
    group.idle.push(upstream)
    this.#idle += 1
    this.#idleFrom(upstream, keep)
  }

  #idleFrom(upstream: Upstream, keep: number): void {
    upstream.deadline = this.#sweep.now + keep
    upstream.idleSince = performance.now()
    // A program that has its last answer may end.
    upstream.socket.unref()
  }

  #idleNoMore(upstream: Upstream): void {
    upstream.deadline = Number.POSITIVE_INFINITY
    upstream.socket.ref()
  }

  /** The client's connection is over, or another client uses it now: its pinned connection ends. */
  unpin(client: object): void {
    this.#pinned.get(client)?.destroy()
    this.#pinned.delete(client)
  }

  close(): void {
    this.#closing.abort()
    for (const { ended } of this.#groups.values()) ended.removeEventListener('abort', this.#onEnded)
    for (const upstream of this.#open.keys()) upstream.destroy()
  }

  /** A session has ended, and nobody may use its connections any more. One that is still being made ends in `release`. */
  readonly #onEnded = () => {
    for (const [upstream, { ended }] of this.#open) if (ended.aborted) upstream.destroy()
    for (const [key, { ended }] of this.#groups) if (ended.aborted) this.#groups.delete(key)
  }

  #forget(upstream: Upstream): void {
    const group = this.#open.get(upstream)
    if (group === undefined) return
    this.#open.delete(upstream)
    group.open -= 1
    const { pinnedTo } = upstream
    if (pinnedTo !== undefined && this.#pinned.get(pinnedTo) === upstream) this.#pinned.delete(pinnedTo)
    const at = group.idle.indexOf(upstream)
    if (at < 0) return
    group.idle.splice(at, 1)
    this.#idle -= 1
  }

  #group({ id, ended }: PoolOwner, origin: Origin): Group {
    const key = `${id} ${origin.scheme} ${lookupName(origin)} ${origin.port}`
    const found = this.#groups.get(key)
    if (found !== undefined) return found
    if (this.#groups.size >= maxGroups) this.#forgetGroups()
    const group: Group = { ended, idle: [], waiting: new Set(), connecting: 0, open: 0, ticket: undefined }
    this.#groups.set(key, group)
    // The same listener for each group: the signal keeps it once.
    ended.addEventListener('abort', this.#onEnded)
    return group
  }

  #forgetGroups(): void {
    for (const [key, group] of this.#groups) {
      if (group.open === 0 && group.waiting.size === 0 && group.connecting === 0) this.#groups.delete(key)
    }
  }

  /** Also for a request that must not be sent twice: on another connection the user would be a stranger. */
  #takePinned(group: Group, client: object): Upstream | undefined {
    const upstream = this.#pinned.get(client)
    if (upstream === undefined || this.#open.get(upstream) !== group) return undefined
    this.#pinned.delete(client)
    this.#idleNoMore(upstream)
    if (upstream.usable) return upstream
    upstream.destroy()
    return undefined
  }

  #takeIdle(group: Group, freshOnly: boolean): Upstream | undefined {
    for (;;) {
      const upstream = group.idle.at(-1)
      if (upstream === undefined) return undefined
      if (freshOnly && performance.now() - upstream.idleSince > this.#limits.onceMs) return undefined
      group.idle.pop()
      this.#idle -= 1
      this.#idleNoMore(upstream)
      if (upstream.usable) return upstream
      upstream.destroy()
    }
  }

  #connect(group: Group, origin: Origin): void {
    const { host, port } = origin
    const parts = { sweep: this.#sweep, limits: this.#limits }
    group.connecting += 1
    dialInTime(parts, endpointOf(host, port), this.#closing.signal, (signal) =>
      connectOrigin(this.#routes, origin, group, signal),
    ).then(
      (connection) => this.#connected(group, origin, connection),
      (error: unknown) =>
        this.#failed(group, withUnusedProxy(error, unusedProxy(this.#routes, origin.scheme, host, port))),
    )
  }

  #connected(group: Group, { host, port }: Origin, connection: OriginConnection): void {
    // It closed between its handshake and now, and will not emit `close` again.
    if (connection.socket.destroyed) {
      this.#failed(group, upstreamError(host, port, undefined))
      return
    }
    group.connecting -= 1
    const upstream = new Upstream(connection, this.#sweep, (gone) => this.#forget(gone))
    this.#open.set(upstream, group)
    group.open += 1
    const next = takeFirst(group.waiting)
    if (next !== undefined) next.resolve(upstream)
    else {
      this.release(upstream, undefined)
      upstream.reused = false
    }
  }

  #failed(group: Group, error: unknown): void {
    group.connecting -= 1
    takeFirst(group.waiting)?.reject(error)
  }
}

function takeFirst<T>(set: Set<T>): T | undefined {
  const [first] = set
  if (first !== undefined) set.delete(first)
  return first
}
