import { relative } from 'node:path'
import { HallpassError } from '../../../errors.ts'
import type { Home } from '../../../store/home.ts'
import { readOwnFile } from '../../../store/own-files.ts'
import { recordPath } from '../../../store/record-path.ts'
import { parseEnvelope } from '../../../store/seal.ts'
import { sealedFiles } from '../../../store/sealed-files.ts'

export interface SealedBy {
  /** Files, relative to the state folder, by the kid that each names. */
  readonly files: ReadonlyMap<string, readonly string[]>
  /** Files that do not even say which key. */
  readonly unreadable: readonly string[]
  readonly total: number
}

/** Which key each sealed file says it was sealed with. The name of a key is in clear, so this needs no key. */
export function sealedBy(home: Home): SealedBy {
  const files = new Map<string, string[]>()
  const unreadable: string[] = []
  let total = 0
  for (const id of sealedFiles(home)) {
    const path = recordPath(home, id)
    const file = relative(home.root, path)
    try {
      const text = readOwnFile(path, home.root)?.text
      if (text === undefined) continue // removed since the folder was listed
      const { kid } = parseEnvelope(text, path)
      const known = files.get(kid)
      if (known === undefined) files.set(kid, [file])
      else known.push(file)
    } catch (error) {
      // One bad file must not keep the others from being told of.
      if (!(error instanceof HallpassError)) throw error
      unreadable.push(file)
    }
    total++
  }
  return { files, unreadable, total }
}
