import { relative } from 'node:path'
import { HallpassError } from '../../../errors.ts'
import type { Home } from '../../../store/home.ts'
import { readOwnFile } from '../../../store/own-files.ts'
import { recordPath } from '../../../store/record-path.ts'
import { parseEnvelope } from '../../../store/seal.ts'
import { sealedFiles } from '../../../store/sealed-files.ts'

export interface SealedBy {
  /** The files of each key id; paths are relative to the state folder. */
  readonly files: ReadonlyMap<string, readonly string[]>
  /** Files whose key id cannot be read. */
  readonly unreadable: readonly string[]
  readonly total: number
}

/** Finds the key of each sealed file. The key id is in clear, so this needs no key. */
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
      // One bad file must not hide the others.
      if (!(error instanceof HallpassError)) throw error
      unreadable.push(file)
    }
    total++
  }
  return { files, unreadable, total }
}
