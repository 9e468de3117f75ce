import type { HallpassError } from '../errors.ts'
import { connectOrigin, type OriginConnection, type Resumption, type Routes } from './connect-origin.ts'
import type { Limits } from './limits.ts'
import { endpointOf, type Origin } from './origin.ts'
import type { Sweep, Swept } from './sweep.ts'
import { Upstream } from './upstream.ts'
import { timeoutError } from './upstream-error.ts'

type Ready = (error: HallpassError | undefined, upstream: Upstream | undefined) => void

/** The connections of one session to one origin. */
export interface Group extends Resumption {
  /** The one used last is used next, so that a lull lets the surplus go. */
  readonly idle: Upstream[]
  readonly waiting: Set<Ready>
  connecting: number
  /** Established ones, idle or not. */
  open: number
}

/** Groups remembered for their TLS tickets. */
const maxGroups = 1_000

/**
 * Keep-alive connections to origins, apart for each session: an origin may tie what it knows of a user to a connection.
 * Certificates are always verified, before a byte of a request goes out.
 */
export class Pool {
  readonly #groups = new Map<string, Group>()
  readonly #routes: Routes
  readonly #sweep: Sweep
  readonly #limits: Limits
  readonly #open = new Map<Upstream, Group>()
  readonly #attempts = new Set<Swept>()
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
   * Calls back with a connection, at once when one is idle. `repeatable`: the request may be sent again if it meets a
   * dying connection; `fresh`: it has met one. Returns how to give up waiting.
   */
  acquire(session: string, origin: Origin, how: 'repeatable' | 'once' | 'fresh', ready: Ready): () => void {
    const group = this.#group(keyOf(session, origin))
    const upstream = how === 'fresh' ? undefined : this.#takeIdle(group, how === 'once')
    if (upstream !== undefined) {
      ready(undefined, upstream)
      return () => {}
    }
    group.waiting.add(ready)
    if (group.connecting < group.waiting.size) this.#connect(group, origin)
    return () => group.waiting.delete(ready)
  }

  /** Begins to connect, if nothing is there for the request that is about to come. */
  warm(session: string, origin: Origin): void {
    const group = this.#group(keyOf(session, origin))
    if (group.idle.length === 0 && group.connecting === 0) this.#connect(group, origin)
  }

  /** Takes a connection back after a whole exchange; `keepMs` is what the origin said it keeps it. */
  release(upstream: Upstream, keepMs: number | undefined): void {
    upstream.user = undefined
    upstream.reused = true
    const keep = Math.min(this.#limits.pooledMs, keepMs ?? this.#limits.pooledMs)
    const group = this.#open.get(upstream)
    if (group === undefined || keep <= 0 || !upstream.usable) {
      upstream.destroy()
      return
    }
    upstream.socket.resume()
    const [next] = group.waiting
    if (next !== undefined) {
      group.waiting.delete(next)
      next(undefined, upstream)
      return
    }
    if (group.idle.length >= this.#limits.idlePerOrigin || this.#idle >= this.#limits.idleTotal) {
      upstream.destroy()
      return
    }
    upstream.deadline = this.#sweep.now + keep
    upstream.idleSince = performance.now()
    group.idle.push(upstream)
    this.#idle += 1
  }

  close(): void {
    for (const attempt of this.#attempts) attempt.expire()
    for (const upstream of this.#open.keys()) upstream.destroy()
  }

  /** The connection has closed or was given away. */
  #forget(upstream: Upstream): void {
    const group = this.#open.get(upstream)
    if (group === undefined) return
    this.#open.delete(upstream)
    group.open -= 1
    const at = group.idle.indexOf(upstream)
    if (at < 0) return
    group.idle.splice(at, 1)
    this.#idle -= 1
  }

  #group(key: string): Group {
    const found = this.#groups.get(key)
    if (found !== undefined) return found
    if (this.#groups.size >= maxGroups) this.#forgetGroups()
    const group: Group = { idle: [], waiting: new Set(), connecting: 0, open: 0, ticket: undefined }
    this.#groups.set(key, group)
    return group
  }

  #forgetGroups(): void {
    for (const [key, group] of this.#groups) {
      if (group.open === 0 && group.waiting.size === 0 && group.connecting === 0) this.#groups.delete(key)
    }
  }

  #takeIdle(group: Group, freshOnly: boolean): Upstream | undefined {
    for (;;) {
      const upstream = group.idle.at(-1)
      if (upstream === undefined) return undefined
      if (freshOnly && performance.now() - upstream.idleSince > this.#limits.onceMs) return undefined
      group.idle.pop()
      this.#idle -= 1
      upstream.deadline = Number.POSITIVE_INFINITY
      if (upstream.usable) return upstream
      upstream.destroy()
    }
  }

  #connect(group: Group, origin: Origin): void {
    group.connecting += 1
    const { host, port } = origin
    const settle: Ready = (error, upstream) => {
      group.connecting -= 1
      const [next] = group.waiting
      if (next !== undefined) {
        group.waiting.delete(next)
        next(error, upstream)
      } else if (upstream !== undefined) {
        this.release(upstream, undefined)
        upstream.reused = false
      }
    }
    const attempt: Swept = {
      deadline: performance.now() + this.#limits.connectMs,
      expire: () => {
        stop()
        done(timeoutError(endpointOf(host, port), 'no connection in time'), undefined)
      },
    }
    const done = (error: HallpassError | undefined, connection: OriginConnection | undefined) => {
      this.#sweep.forget(attempt)
      this.#attempts.delete(attempt)
      if (connection === undefined) return settle(error, undefined)
      const upstream = new Upstream(connection, this.#sweep, (gone) => this.#forget(gone))
      this.#open.set(upstream, group)
      group.open += 1
      settle(undefined, upstream)
    }
    this.#sweep.watch(attempt)
    this.#attempts.add(attempt)
    const stop = connectOrigin(this.#routes, origin, group, done)
  }
}

function keyOf(session: string, origin: Origin): string {
  return `${session} ${origin.scheme} ${origin.host} ${origin.port}`
}
