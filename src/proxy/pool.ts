import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import { checkServerIdentity } from '../certs/server-identity.ts'
import type { HallpassError } from '../errors.ts'
import type { Dialer } from './dial.ts'
import type { Limits } from './limits.ts'
import { endpointOf, type Origin } from './origin.ts'
import { ignore } from './relay.ts'
import type { Sweep, Swept } from './sweep.ts'
import { Inbox, Upstream } from './upstream.ts'
import { certificateError, timeoutError, upstreamError } from './upstream-error.ts'

type Ready = (error: HallpassError | undefined, upstream: Upstream | undefined) => void

/** The connections of one session to one origin. */
interface Group {
  /** The one used last is used next, so that a lull lets the surplus go. */
  readonly idle: Upstream[]
  readonly waiting: Set<Ready>
  connecting: number
  /** TLS session of the last verified connection. */
  ticket: Buffer | undefined
}

/** Groups remembered for their TLS tickets. */
const maxGroups = 1_000

/**
 * Keep-alive connections to origins, apart for each session: an origin may tie what it knows of a user to a connection.
 * Certificates are always verified, before a byte of a request goes out.
 */
export class Pool {
  readonly #groups = new Map<string, Group>()
  readonly #dialer: Dialer
  readonly #sweep: Sweep
  readonly #limits: Limits
  readonly #context: SecureContext
  readonly #open = new Set<Upstream>()
  readonly #attempts = new Set<Swept>()
  #idle = 0

  constructor(dialer: Dialer, sweep: Sweep, limits: Limits, context: SecureContext) {
    this.#dialer = dialer
    this.#sweep = sweep
    this.#limits = limits
    this.#context = context
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Calls back with a connection, at once when one is idle. `repeatable`: the request may be sent again if it meets a
   * dying connection; `fresh`: it has met one. Returns how to give up waiting.
   */
  acquire(session: string, origin: Origin, how: 'repeatable' | 'once' | 'fresh', ready: Ready): () => void {
    const key = keyOf(session, origin)
    const group = this.#group(key)
    const upstream = how === 'fresh' ? undefined : this.#takeIdle(group, how === 'once')
    if (upstream !== undefined) {
      ready(undefined, upstream)
      return () => {}
    }
    group.waiting.add(ready)
    if (group.connecting < group.waiting.size) this.#connect(key, group, origin)
    return () => group.waiting.delete(ready)
  }

  /** Begins to connect, if nothing is there for the request that is about to come. */
  warm(session: string, origin: Origin): void {
    const key = keyOf(session, origin)
    const group = this.#group(key)
    if (group.idle.length === 0 && group.connecting === 0) this.#connect(key, group, origin)
  }

  /** Takes a connection back after a whole exchange; `keepMs` is what the origin said it keeps it. */
  release(upstream: Upstream, keepMs: number | undefined): void {
    upstream.user = undefined
    upstream.reused = true
    const keep = Math.min(this.#limits.pooledMs, keepMs ?? this.#limits.pooledMs)
    if (keep <= 0 || !upstream.usable) {
      upstream.destroy()
      return
    }
    upstream.socket.resume()
    const group = this.#group(upstream.key)
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

  /** Called when a connection has closed or was given away. */
  forget(upstream: Upstream): void {
    this.#open.delete(upstream)
    const idle = this.#groups.get(upstream.key)?.idle
    const at = idle?.indexOf(upstream) ?? -1
    if (at < 0) return
    idle?.splice(at, 1)
    this.#idle -= 1
  }

  close(): void {
    for (const attempt of this.#attempts) attempt.expire()
    for (const upstream of this.#open) upstream.destroy()
  }

  #group(key: string): Group {
    const found = this.#groups.get(key)
    if (found !== undefined) return found
    if (this.#groups.size >= maxGroups) this.#forgetGroups()
    const group: Group = { idle: [], waiting: new Set(), connecting: 0, ticket: undefined }
    this.#groups.set(key, group)
    return group
  }

  #forgetGroups(): void {
    for (const [key, group] of this.#groups) {
      if (group.idle.length === 0 && group.waiting.size === 0 && group.connecting === 0)
        this.#groups.delete(key)
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

  #connect(key: string, group: Group, origin: Origin): void {
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
    const inbox = new Inbox()
    let socket: Socket
    try {
      socket = this.#socket(origin, group, inbox)
    } catch (refused) {
      // Refused before a look-up; told later, as every other failure is.
      queueMicrotask(() => settle(upstreamError(host, port, refused), undefined))
      return
    }
    const attempt: Swept = {
      deadline: performance.now() + this.#limits.connectMs,
      expire: () => fail(timeoutError(endpointOf(host, port), 'no connection in time')),
    }
    const end = () => {
      this.#sweep.forget(attempt)
      this.#attempts.delete(attempt)
      socket.off('error', onError).off('close', onClose)
    }
    const fail = (error: HallpassError) => {
      end()
      socket.on('error', ignore)
      socket.destroy()
      settle(error, undefined)
    }
    const onError = (error: Error) => {
      const refusedCertificate = 'authorizationError' in socket && socket.authorizationError !== null
      fail(refusedCertificate ? certificateError(host, port, error) : upstreamError(host, port, error))
    }
    const onClose = () => fail(upstreamError(host, port, undefined))
    this.#sweep.watch(attempt)
    this.#attempts.add(attempt)
    socket.once('error', onError).once('close', onClose)
    socket.once(origin.scheme === 'https' ? 'secureConnect' : 'connect', () => {
      end()
      const upstream = new Upstream(this, this.#sweep, socket, inbox, origin, key)
      this.#open.add(upstream)
      settle(undefined, upstream)
    })
  }

  #socket(origin: Origin, group: Group, { onread }: Inbox): Socket {
    const dial = this.#dialer.to(origin.host, origin.port)
    if (origin.scheme === 'http') return connectPlain({ ...dial, onread })
    // Documented for tls.connect, and missing in the types.
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      ...dial,
      onread,
      secureContext: this.#context,
      // RFC 6066, 3: no address in SNI.
      servername: isIP(origin.host) === 0 ? origin.host : '',
      ALPNProtocols: ['http/1.1'],
      // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED=0 in somebody's environment must not reach this.
      rejectUnauthorized: true,
      checkServerIdentity: (_name, certificate) => checkServerIdentity(origin.host, certificate),
      ...(group.ticket === undefined ? {} : { session: group.ticket }),
    }
    const socket: TLSSocket = connectTls(options)
    socket.on('session', (ticket) => {
      // Node emits it only for a connection whose certificate was accepted, so that a resumption skips no check.
      group.ticket = ticket
    })
    return socket
  }
}

function keyOf(session: string, origin: Origin): string {
  return `${session} ${origin.scheme} ${origin.host} ${origin.port}`
}
