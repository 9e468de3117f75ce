const ssh = Buffer.from('SSH-')

/** Only web servers listen here: bytes that are not HTTP are a malformed request, not another protocol. */
const webPorts = new Set([80, 443])

/**
 * Detects the protocol by its first bytes. TLS begins with 0x16 (a handshake record), HTTP with the text of a method, SSH
 * with its name (also on port 443, to pass firewalls), and a binary protocol on a port of its own with none of these.
 * Undefined while more bytes must decide.
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
