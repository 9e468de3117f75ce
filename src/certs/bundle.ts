import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { notSaved } from '../store/disk-errors.ts'
import type { Home } from '../store/home.ts'
import { withLock } from '../store/lock.ts'
import { readOwnFile } from '../store/own-files.ts'
import { recordLock } from '../store/record-path.ts'
import { replaceFile } from '../store/replace-file.ts'
import { caKeyId } from '../store/seal.ts'
import type { Authority } from './authority.ts'
import { npmCafile } from './npm-cafile.ts'
import { pemBlocks } from './pem.ts'
import { distinct, systemRoots, withoutOurs } from './roots.ts'

/**
 * The variables that name a trust store in a file. We replace them, so our file must contain the certificates of the inherited one,
 * mostly a company's root.
 */
export const caFileVariables = [
  'SSL_CERT_FILE',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'PIP_CERT',
  'PERL_LWP_SSL_CA_FILE',
  'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  'HTTPLIB2_CA_CERTS',
  'NIX_SSL_CERT_FILE',
  'BUNDLE_SSL_CA_CERT',
  'COMPOSER_CAFILE',
  'npm_config_cafile',
  'HEX_CACERTS_PATH',
  'NODE_EXTRA_CA_CERTS',
  'DENO_CERT',
] as const

/** A company's directory has a handful. A wrong path with thousands of files must not stop a start. */
const maxDirectoryFiles = 2000
const maxFileBytes = 16 * 1024 * 1024

export interface CombinedBundle {
  readonly pem: string
  readonly certificates: number
  /** Inherited variables without a usable file. The user should know, but they are no reason to stop. */
  readonly skipped: readonly { readonly variable: string; readonly path: string; readonly reason: string }[]
}

/**
 * One file for tools whose variable *replaces* their trust store: the system's roots, the certificates of inherited variables, and
 * ours at the end. An inherited file can be an old bundle of ours. Its company roots stay, and our old authorities go.
 */
export function combinedBundle(options: {
  readonly authority: Authority
  readonly env: NodeJS.ProcessEnv
}): CombinedBundle {
  const { authority, env } = options
  const skipped: { variable: string; path: string; reason: string }[] = []
  const inherited = new Map<string, string>()
  for (const variable of caFileVariables) {
    const path = env[variable] || (variable === 'npm_config_cafile' ? npmCafile(env) : undefined)
    if (path && !inherited.has(path)) inherited.set(path, variable)
  }
  for (const directory of env.SSL_CERT_DIR?.split(delimiter) ?? []) {
    for (const path of filesOf(directory)) inherited.set(path, 'SSL_CERT_DIR')
  }
  const theirs: string[] = []
  for (const [path, variable] of inherited) {
    try {
      theirs.push(...certificatesIn(path))
    } catch (error) {
      if (variable !== 'SSL_CERT_DIR') skipped.push({ variable, path, reason: (error as Error).message })
    }
  }
  const pems = [...withoutOurs(distinct([...systemRoots(), ...theirs]), authority), authority.certificatePem]
  return { pem: pems.join(''), certificates: pems.length, skipped }
}

/** Writes the combined bundle to its place in the state folder. */
export async function writeBundle(
  home: Home,
  options: { readonly authority: Authority; readonly env: NodeJS.ProcessEnv },
): Promise<CombinedBundle> {
  return await withLock(recordLock(home, { ...caKeyId, name: 'bundle.pem' }), async () => {
    // Inside the lock, so that the last writer has seen the last rotation.
    await options.authority.issuer()
    const bundle = combinedBundle(options)
    // Mostly nothing changed since the last start, and a durable write costs more than all the rest.
    if (readOwnFile(home.caBundle, home.root)?.text === bundle.pem) return bundle
    await replaceFile(home.caBundle, bundle.pem).catch((error: unknown) => {
      throw notSaved(home.caBundle, error)
    })
    return bundle
  })
}

function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
      .slice(0, maxDirectoryFiles)
      .map((name) => join(directory, name))
  } catch {
    // OpenSSL skips a missing directory of the list.
    return []
  }
}

/** Throws without a certificate. Leaves out a block that does not parse: some clients would refuse the whole file for it. */
function certificatesIn(path: string): string[] {
  const stat = statSync(path)
  if (!stat.isFile()) throw new Error('not a file')
  if (stat.size > maxFileBytes) throw new Error('far too large for a list of certificates')
  // Mostly the system's roots and one more. The roots were parsed already.
  const known = new Set(systemRoots())
  const pems = distinct(pemBlocks('CERTIFICATE', readFileSync(path, 'utf8'))).filter(
    (pem) => known.has(pem) || parses(pem),
  )
  if (pems.length === 0) throw new Error('no PEM certificate in it')
  return pems
}

function parses(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}
