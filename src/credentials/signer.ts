/**
 * Makes the signature of one request. Pure: time and chance come in, so a signature must not be kept for another request.
 */
export interface Signer {
  /**
   * The part of the body that the signature needs before the head can go. `form`: the whole body, if it is
   * application/x-www-form-urlencoded. `hash`: the whole body, if it is small enough to be held.
   */
  readonly covers: 'form' | 'hash'
  sign(request: SignedRequest, at: SigningTime): Signature
}

/** A request as it will be sent, after every other edit. */
export interface SignedRequest {
  /** Case-sensitive. */
  readonly method: string
  readonly scheme: 'https' | 'http'
  /** Of the verified connection; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** In origin form, with the query: bytes as a latin1 string. */
  readonly target: string
  /** In their final order, without those that end at this connection. Latin1. */
  readonly fields: readonly SignedField[]
  readonly body: RequestBody
}

export interface SignedField {
  readonly name: string
  readonly lower: string
  readonly value: string
}

/** `not-held`: the request has a body, but it is too large, or no signer needs it. */
export type RequestBody = { readonly held: Uint8Array } | 'absent' | 'not-held'

export interface SigningTime {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Never the same twice; visible ASCII without characters that have to be encoded. */
  readonly nonce: string
}

export type Signature =
  | {
      /** The request target, when it changes. */
      readonly target?: string
      /** Lower-case names of fields whose lines go. */
      readonly remove: readonly string[]
      /** Nothing: the request is left as it is. */
      readonly add: readonly { readonly name: string; readonly value: string }[]
    }
  | Refusal

/** Why a request may not go out. It names no secret. */
export interface Refusal {
  readonly refused: string
  readonly code: 'policy' | 'body-not-held'
}
