/**
 * Limits on one peer, in milliseconds, bytes and numbers. One coarse sweep keeps the time, so a limit holds within one more
 * second. Heads have limits of their own in http1/limits.ts.
 */
export interface Limits {
  /** The time between two sweeps. */
  readonly sweepMs: number
  /**
   * From the first byte of a request head to its last (slowloris sends one byte at a time, for ever). A client that has shown
   * no token sends the first byte within the same time.
   */
  readonly headMs: number
  /** From the answer to CONNECT to the end of the client's TLS handshake. */
  readonly handshakeMs: number
  /** A client connection without a request: as long as curl and browsers keep theirs. */
  readonly idleMs: number
  /** Name look-up, connect and TLS handshake with an origin together. */
  readonly connectMs: number
  /** From the request to the response head: large language models can take minutes. */
  readonly responseMs: number
  /** A body, an event stream, a WebSocket or a tunnel in which nothing moves: event streams can be silent for long. */
  readonly streamIdleMs: number
  /** An idle pooled connection: less than the 60 s of common load balancers. An origin's shorter `Keep-Alive: timeout` wins. */
  readonly pooledMs: number
  /**
   * A request that must not be sent twice takes no connection that was idle for longer, unless it is pinned: the origin may be
   * closing it.
   */
  readonly onceMs: number
  /** After the last answer the proxy still reads for so long: a reset would overtake the answer. */
  readonly lingerMs: number
  /** Client connections at the same time. */
  readonly connections: number
  /** Those of them that have shown no client token yet. Browsers open some dozens ahead of their requests. */
  readonly strangers: number
  /** Idle pooled connections to one origin. */
  readonly idlePerOrigin: number
  /** Idle pooled connections in total, and as many again that are pinned to a client connection. */
  readonly idleTotal: number
  /** Bytes that a client may send behind the current request (pipelining). */
  readonly aheadBytes: number
  /** Bytes of a request's body that are held, to send it again or to sign it; 0 holds no body. */
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
  strangers: 256,
  idlePerOrigin: 128,
  idleTotal: 512,
  aheadBytes: 65_536,
  replayBytes: 65_536,
}
