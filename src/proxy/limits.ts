/**
 * Bounds on what one peer may hold of the proxy, in milliseconds, bytes and numbers. Time is kept by one coarse sweep, so a
 * limit is met within one more second. Heads have their own bounds in http1/limits.ts.
 */
export interface Limits {
  /** How often the sweep looks. */
  readonly sweepMs: number
  /** From the first byte of a request head to its last (slowloris sends one byte at a time, for ever). */
  readonly headMs: number
  /** From the answer to CONNECT to the end of the client's TLS handshake. */
  readonly handshakeMs: number
  /** A client connection without a request: as long as curl and browsers keep theirs. */
  readonly idleMs: number
  /** Name look-up, connect and TLS handshake with an origin together. */
  readonly connectMs: number
  /** From the request to the response head; long models answer late, but nobody waits for longer than this. */
  readonly responseMs: number
  /** A body, an event stream, a WebSocket or a tunnel in which nothing moves: event streams are silent for long. */
  readonly streamIdleMs: number
  /** An idle pooled connection; below the 60 s of common load balancers. An origin's own `Keep-Alive: timeout` goes first. */
  readonly pooledMs: number
  /** A request that must not be sent twice takes no pooled connection idle for longer: the origin may be closing it. */
  readonly onceMs: number
  /** A connection whose last answer is sent is read on for so long, lest a reset overtake the answer. */
  readonly lingerMs: number
  /** Client connections at one time. */
  readonly connections: number
  /** Idle pooled connections to one origin, and in all. */
  readonly idlePerOrigin: number
  readonly idleTotal: number
  /** Bytes that a client may send ahead of the request being served (pipelining). */
  readonly aheadBytes: number
  /** Bytes of a request's body that are held for sending it again or signing it; 0 for none. */
  readonly replayBytes: number
}

export const defaultLimits: Limits = {
  sweepMs: 1_000,
  headMs: 15_000,
  handshakeMs: 15_000,
  idleMs: 120_000,
  connectMs: 20_000,
  responseMs: 600_000,
  streamIdleMs: 3_600_000,
  pooledMs: 30_000,
  onceMs: 2_000,
  lingerMs: 2_000,
  connections: 4_000,
  idlePerOrigin: 128,
  idleTotal: 512,
  aheadBytes: 65_536,
  replayBytes: 65_536,
}
