import { spawnSync } from 'node:child_process'

/*
 * node scripts/audit.ts
 *
 * Fails when a package that an installation gets has a known weakness. A registry without advisories (a mirror, no network)
 * is no reason to fail, and is said.
 */
const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  shell: process.platform === 'win32',
})
const report = parsed(stdout)
const counts = report?.metadata?.vulnerabilities
if (counts?.total === undefined) {
  console.log(`audit: the registry could not be asked: ${error?.message ?? report?.message ?? 'no answer'}`)
} else if (counts.total > 0) {
  const names = Object.entries(report?.vulnerabilities ?? {}).map(
    ([name, { severity }]) => `${name} (${severity})`,
  )
  console.error(`audit: known weaknesses in ${names.join(', ')}: npm audit --omit=dev says more`)
  process.exitCode = 1
} else {
  console.log('audit: no known weakness in what an installation gets')
}

interface Report {
  /** Of a registry that does not answer. */
  readonly message?: string
  readonly metadata?: { readonly vulnerabilities?: { readonly total?: number } }
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>
}

function parsed(text: string | null): Report | undefined {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
