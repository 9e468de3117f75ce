import { lstatSync, readFileSync } from 'node:fs'
import { AdminClient } from '../admin/client.ts'
import { quotedWord } from '../quoted-word.ts'
import { isThere } from '../store/own-files.ts'
import { type Check, type Finding, good, note } from './check.ts'
import { ownPaths } from './own-paths.ts'

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
      for (const path of ownPaths(home)) {
        const stat = path.endsWith('.tmp') ? lstatSync(path, { throwIfNoEntry: false }) : undefined
        if (stat?.isFile() && now - stat.mtimeMs > abandonedAfterMs) {
          findings.push(note(`${path} was left by a write that was cut off`, `rm ${quotedWord(path)}`))
        }
      }
    }
    return findings.length > 0 ? findings : [good('none')]
  },
}
