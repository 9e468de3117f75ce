import asn1 from 'node-forge/lib/asn1.js'

/**
 * The ASN.1 shapes of an X.509 certificate, written by node-forge's `asn1`. It only writes. hallpass parses nothing with it, because
 * CVE-2025-12816, CVE-2025-66030 and CVE-2025-66031 were in parsing.
 */
export type Der = ReturnType<typeof asn1.create>

const { Class, Type } = asn1
const universal = (type: number, constructed: boolean, value: string | Der[]): Der =>
  // The declared enum lacks the composed tags that `encoded` needs.
  asn1.create(Class.UNIVERSAL, type as Parameters<typeof asn1.create>[1], constructed, value)
const bytesOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

export const sequence = (...items: Der[]): Der => universal(Type.SEQUENCE, true, items)
export const setOf = (...items: Der[]): Der => universal(Type.SET, true, items)
export const objectId = (dotted: string): Der => universal(Type.OID, false, asn1.oidToDer(dotted).getBytes())
export const boolean = (value: boolean): Der => universal(Type.BOOLEAN, false, value ? '\xff' : '\x00')
export const integer = (bytes: Uint8Array): Der => universal(Type.INTEGER, false, bytesOf(bytes))
export const octetString = (bytes: Uint8Array): Der => universal(Type.OCTETSTRING, false, bytesOf(bytes))
export const bitString = (bytes: Uint8Array, unusedBits = 0): Der =>
  universal(Type.BITSTRING, false, String.fromCharCode(unusedBits) + bytesOf(bytes))
export const utf8String = (text: string): Der =>
  universal(Type.UTF8, false, Buffer.from(text, 'utf8').toString('latin1'))
export const explicit = (tag: number, item: Der): Der =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [item])
export const implicit = (tag: number, bytes: Uint8Array): Der =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, false, bytesOf(bytes))

/** RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050, always with seconds and Z. */
export function time(at: Date): Der {
  return at.getUTCFullYear() < 2050
    ? universal(Type.UTCTIME, false, asn1.dateToUtcTime(at).toString())
    : universal(Type.GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(at).toString())
}

/** An already encoded element (a public key from node:crypto, a part that all leaves share). */
export function encoded(element: Uint8Array): Der {
  const tag = element[0] ?? 0
  const first = element[1] ?? 0
  const headerBytes = first < 0x80 ? 2 : 2 + (first & 0x7f)
  return universal(tag, false, bytesOf(element.subarray(headerBytes)))
}

export function encode(item: Der): Buffer {
  return Buffer.from(asn1.toDer(item).getBytes(), 'latin1')
}
