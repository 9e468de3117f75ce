import { lstatSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Home } from '../store/home.ts'

/**
 * Every file and folder of the state folder, without the contents of the windows' profiles. A browser makes those as it likes, with
 * links and wide modes, and nobody else reaches them: the folders above are closed.
 */
export function* ownPaths(home: Home): Generator<string> {
  const isProfile = (folder: string) => dirname(dirname(folder)) === home.browser
  // A removal that was cut off has moved the profiles there.
  const isRemoved = (folder: string) =>
    dirname(folder) === home.sessions && basename(folder).startsWith('.removed-')
  yield* walk(home.root, (folder) => isProfile(folder) || isRemoved(folder))
}

function* walk(folder: string, isForeign: (folder: string) => boolean): Generator<string> {
  yield folder
  if (!lstatSync(folder).isDirectory() || isForeign(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path, isForeign)
    else yield path
  }
}
