/** RFC 7468 section 2: lines of exactly 64 characters, and no empty line where the text is a multiple of 64. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** The blocks of one label in a text. Bundles have comments and other blocks between them. */
export function pemBlocks(label: string, text: string): string[] {
  const block = new RegExp(`-----BEGIN ${label}-----\\r?\\n[A-Za-z0-9+/=\\s]*?-----END ${label}-----`, 'g')
  return Array.from(text.matchAll(block), ([found]) => `${found.replaceAll('\r', '')}\n`)
}

/** The bytes of a certificate in PEM, which are equal for two spellings of one certificate. */
export function fromPem(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
}
