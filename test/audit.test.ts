import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const script = join(import.meta.dirname, '../scripts/audit.ts')

/** What the script makes of an npm that prints this and fails, as `npm audit` does for all but a clean answer. */
function audit(answer: string) {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-audit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'answer'), answer)
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\ncat '${folder}/answer'\nexit 1\n`, { mode: 0o755 })
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

const answer = (total: number, vulnerabilities: object) =>
  JSON.stringify({ vulnerabilities, metadata: { vulnerabilities: { total } } })

it.each<[what: string, given: string, status: number, said: string]>([
  [
    'a known weakness fails the check',
    answer(1, { forge: { severity: 'low' } }),
    1,
    'known weaknesses in forge (low)',
  ],
  ['none does not', answer(0, {}), 0, 'no known weakness'],
  [
    'a registry without advisories does not, and is said',
    '{"message":"405 Method Not Allowed"}',
    0,
    'could not be asked: 405 Method Not Allowed',
  ],
  ['nor does an npm that says nothing', '', 0, 'could not be asked: no answer'],
])('%s', (_, given, status, said) => {
  expect(audit(given)).toEqual({ status, said: expect.stringContaining(said) })
})
