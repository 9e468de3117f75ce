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

/**
 * Chromium takes 256 KiB of response head and any number of lines, curl 300 KiB with lines of up to 100 KiB. An origin of the
 * session is trusted with more memory than a client: each Set-Cookie has room.
 */
export const responseHeadLimits: HeadLimits = { headBytes: 262_144, startLineBytes: 102_400, fields: 5_000 }

export interface BodyLimits {
  readonly chunkLineBytes: number
  /** Trailers are held until they are whole, then filtered. */
  readonly trailerBytes: number
}

/** A chunk-size line is a dozen bytes; extensions are all but unused (RFC 9112, 7.1.1 asks for a bound). */
export const bodyLimits: BodyLimits = { chunkLineBytes: 1_024, trailerBytes: 16_384 }

/** Chromium takes 16 KiB of chunk line. Both it and curl take any number of trailers: here they are bounded as the head is. */
export const responseBodyLimits: BodyLimits = { chunkLineBytes: 16_384, trailerBytes: 262_144 }
