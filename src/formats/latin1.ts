/*
 * Inside, cookie text is latin1: one character a byte of the wire. In JSON it is Unicode: browsers and their tools read
 * the bytes as UTF-8.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** The bytes of the text's UTF-8, one character each. */
export function toWire(text: string): string {
  return latin1Of(encoder.encode(text))
}

/** Decodes the bytes as UTF-8; undefined when they are not UTF-8. */
export function fromWire(latin1: string): string | undefined {
  try {
    return utf8.decode(bytesOf(latin1))
  } catch {
    return undefined
  }
}

export function bytesOf(latin1: string): Uint8Array {
  return Buffer.from(latin1, 'latin1')
}

export function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
