import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { getCACertificates } from 'node:tls'
import { HallpassError } from '../errors.ts'
import { fromPem, pemBlocks, toPem } from './pem.ts'

let system: readonly string[] | undefined

/**
 * The roots of the system, each once (a hashed directory lists most of them several times), or Node's own set on a system without
 * roots. Read once, as Node does.
 */
export function systemRoots(): readonly string[] {
  if (system === undefined) {
    const found = getCACertificates('system')
    system = distinct(found.length > 0 ? found : getCACertificates('bundled'))
  }
  return system
}

/** Gives each certificate one spelling and one place, the first, so that equal text means equal certificates. */
export function distinct(pems: Iterable<string>): string[] {
  const texts = Array.from(new Set(pems), (pem) => (spelled.has(pem) ? pem : spell(pem)))
  return [...new Set(texts)]
}

/** Known spellings: the roots of the system come here several times. Bounded, because others come too. */
const spelled = new Set<string>()
const spelledMax = 1_000

function spell(pem: string): string {
  const text = toPem('CERTIFICATE', fromPem(pem))
  if (spelled.size < spelledMax) spelled.add(text)
  return text
}

/**
 * The roots that the proxy trusts upstream: the system's, Node's, and those of NODE_EXTRA_CA_CERTS and of the configuration. Never our
 * own authority, even if a trust store has it: only this proxy may use its certificates.
 *
 * These are some hundreds, and parsing takes about 10 ms. Share one `createSecureContext({ ca })`.
 *
 * @throws HallpassError `config-invalid` with the name of a file that is missing or has no certificate.
 */
export function upstreamRoots(options: {
  readonly upstreamCa: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly authority?: { isOurs(certificate: X509Certificate): boolean }
}): string[] {
  const extra = options.env.NODE_EXTRA_CA_CERTS
  const named = [
    ...(extra ? readCertificates(extra, 'NODE_EXTRA_CA_CERTS', 'unset NODE_EXTRA_CA_CERTS') : []),
    ...options.upstreamCa.flatMap((file) => readCertificates(file, 'upstreamCa', 'hallpass config check')),
  ]
  const roots = distinct([...systemRoots(), ...getCACertificates('bundled'), ...named])
  return withoutOurs(roots, options.authority)
}

export function withoutOurs(
  pems: readonly string[],
  authority: { isOurs(certificate: X509Certificate): boolean } | undefined,
): string[] {
  if (authority === undefined) return [...pems]
  // No need to parse hundreds: our certificate has its name in clear in its bytes.
  return pems.filter(
    (pem) => !fromPem(pem).includes('hallpass') || !authority.isOurs(new X509Certificate(pem)),
  )
}

function readCertificates(file: string, source: string, hint: string): string[] {
  const fail = (what: string, cause?: unknown) =>
    new HallpassError('config-invalid', `${source} names ${file}, which ${what}`, { hint, cause })
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw fail(`cannot be read (${(error as Error).message})`, error)
  }
  const pems = pemBlocks('CERTIFICATE', text)
  if (pems.length === 0) throw fail('holds no PEM certificate')
  for (const [index, pem] of pems.entries()) {
    try {
      new X509Certificate(pem)
    } catch (error) {
      throw fail(`holds a damaged certificate (number ${index + 1})`, error)
    }
  }
  return pems
}
