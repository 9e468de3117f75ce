const ssh = Buffer.from('SSH-')

/** Where a web server is expected, and only a web server: what is not HTTP there is a malformed request, not a protocol. */
const webPorts = new Set([80, 443])

/**
 * What is spoken, by the first bytes: a TLS record begins with 0x16 (handshake), SSH with its name (also on port 443, where
 * it passes firewalls), HTTP with a method, a binary protocol on a port of its own with neither. Undefined while it may
 * still become one or the other.
 */
export function sniff(bytes: Buffer, port: number): 'tls' | 'http' | 'other' | undefined {
  const [first] = bytes
  if (first === undefined) return undefined
  if (first === 0x16) return 'tls'
  const head = bytes.subarray(0, ssh.length)
  if (ssh.subarray(0, head.length).equals(head)) return head.length === ssh.length ? 'other' : undefined
  const text = /[\t\n\r\x20-\x7e]/.test(String.fromCharCode(first))
  return text || webPorts.has(port) ? 'http' : 'other'
}
