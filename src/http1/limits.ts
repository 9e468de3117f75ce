/**
 * Bounds of the memory that one message can take. A peer that exceeds one is refused at once, so that an endless header,
 * an endless chunk extension or an endless trailer costs at most this much memory per connection.
 */
export interface HeadLimits {
  /** Start line, fields and the empty line together. */
  readonly headBytes: number
  /** The start line alone, without its CRLF. */
  readonly startLineBytes: number
  /** Field lines of one head or of one trailer section. */
  readonly fields: number
}

/**
 * Squid takes 64 KiB, which is four times Node's own bound; 200 lines are twice what Apache, HAProxy, Envoy and hyper
 * take; 16 KiB of start line are twice what nginx and Apache take (signed and SAML URLs come near 8 KiB).
 */
export const headLimits: HeadLimits = { headBytes: 65_536, startLineBytes: 16_384, fields: 200 }

/** A chunk-size line is a dozen bytes; extensions are all but unused (RFC 9112, 7.1.1 asks for a bound). */
export const chunkLineBytes = 1_024

/** Trailers are held until they are whole, then filtered. */
export const trailerBytes = 16_384
