import type { Socket } from 'node:net'
import type { Framing } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { TunnelEnd } from './agreement.ts'
import type { Failure } from './failure.ts'
import type { Peer } from './relay.ts'
import type { ResponseClientSide } from './response-relay.ts'

export interface Request {
  readonly head: RequestHead
  readonly framing: Framing
}

/** The client's connection, as far as an exchange needs it. */
export interface ExchangeClientSide extends ResponseClientSide, Peer {
  /** The tunnel that the request came through. */
  readonly tunnel: TunnelEnd | undefined
  /** Writes the proxy's own answer; the exchange is over. */
  answer(
    failure: Failure,
    options: { readonly method: string; readonly session: string; readonly keep: boolean },
  ): void
  /** Ends a response of which the client has a part. `framed`: the client sees that the end is missing. */
  truncate(framed: boolean): void
  /** The exchange is over; `keep`: the connection may carry another. */
  exchangeDone(keep: boolean): void
  /** Gives the socket away: what comes next is not HTTP/1.1. */
  give(): Socket
}
