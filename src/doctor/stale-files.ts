import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AdminClient } from '../admin/client.ts'
import { quotedWord } from '../quoted-word.ts'
import { isThere } from '../store/own-files.ts'
import { type Check, type Finding, good, note } from './check.ts'

/** A write takes milliseconds, so no process uses a temporary file this old. */
const abandonedAfterMs = 60_000

/** Files of killed processes. They do no harm: the next start or write replaces them. */
export const staleFiles: Check = {
  name: 'stale files',
  async examine({ home, now }) {
    const findings: Finding[] = []
    if (!(await new AdminClient(home).answers())) {
      if (isThere(home.adminSocket)) {
        findings.push(note(`${home.adminSocket} was left by a killed proxy`, 'hallpass start --background'))
      }
      if (isThere(home.pidFile)) {
        const pid = readFileSync(home.pidFile, 'utf8').trim()
        findings.push(
          note(`${home.pidFile} names ${pid}, which is not a running proxy`, 'hallpass start --background'),
        )
      }
    }
    if (isThere(home.root)) {
      for (const name of readdirSync(home.root, { recursive: true, encoding: 'utf8' })) {
        const path = join(home.root, name)
        const stat = name.endsWith('.tmp') ? lstatSync(path, { throwIfNoEntry: false }) : undefined
        if (stat?.isFile() && now - stat.mtimeMs > abandonedAfterMs) {
          findings.push(note(`${path} was left by a write that was cut off`, `rm ${quotedWord(path)}`))
        }
      }
    }
    return findings.length > 0 ? findings : [good('none')]
  },
}
