import { lstatSync } from 'node:fs'
import { HallpassError } from '../errors.ts'
import { checkOwn, isThere } from '../store/own-files.ts'
import { bad, type Check, type Finding, good } from './check.ts'
import { ownPaths } from './own-paths.ts'

/** Nobody needs a hundred lines about one mistake, such as a copy made with a wide umask. */
const maxFindings = 10

/** Everything of ours in the state folder belongs to this user, is not a link, and is closed to other users. */
export const modes: Check = {
  name: 'modes',
  async examine({ home }) {
    if (!isThere(home.root)) return [good(`${home.root} does not exist yet`)]
    const findings: Finding[] = []
    let seen = 0
    for (const path of ownPaths(home)) {
      seen++
      // The configuration may be a link to a file elsewhere; its own check covers it.
      if (path === home.config || path === home.adminSocket) continue
      const problem = problemOf(path)
      if (problem && findings.push(problem) === maxFindings) break
    }
    return findings.length > 0
      ? findings
      : [good(`${home.root}: ${seen} files and folders, only for this user`)]
  },
}

function problemOf(path: string): Finding | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return undefined
  try {
    checkOwn(path, stat, stat.isDirectory() ? 'folder' : 'file')
    return undefined
  } catch (error) {
    if (error instanceof HallpassError) return bad(error.message, error.hint)
    throw error
  }
}
