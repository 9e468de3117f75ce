import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join, resolve, sep } from 'node:path'
import { quotedWord } from '../quoted-word.ts'
import { packageRoot } from './package.ts'

/** The words that start this hallpass. */
export interface Invocation {
  readonly words: string
  /** The words work only here and below; undefined: everywhere. */
  readonly folder?: string
}

const program = join(packageRoot, 'bin', 'hallpass.cjs')

/**
 * Attack: where npx does not find hallpass it asks the registry for a package of that name, which anybody can claim. So `npx` is
 * written only where it finds this installation: in a clone, or in a project that has hallpass.
 * @param folder the working directory of the user; undefined: the words must work in every folder
 */
export function invocation(env: NodeJS.ProcessEnv, folder?: string): Invocation {
  if (isInPath(env)) return { words: 'hallpass' }
  const found = folder === undefined ? undefined : npxFolder(folder)
  if (found !== undefined) return { words: 'npx hallpass', folder: found }
  return { words: `node ${quotedWord(program)}` }
}

/** Whether the shell finds this installation: after `npm link`, or installed globally. */
function isInPath({ PATH = '' }: NodeJS.ProcessEnv): boolean {
  // npx and npm put a project's commands into PATH for their children; the user's shell does not have them.
  const own = (folder: string) => folder !== '' && !folder.endsWith(join(sep, 'node_modules', '.bin'))
  const first = PATH.split(delimiter)
    .filter(own)
    .map((folder) => join(folder, 'hallpass'))
    .find((file) => existsSync(file))
  return first !== undefined && isThis(first)
}

/** As npx looks: at the package that the folder belongs to, then at the commands of its packages, folder by folder. */
function npxFolder(from: string): string | undefined {
  let isPackage = false
  for (let at = resolve(from); ; at = dirname(at)) {
    if (!isPackage && existsSync(join(at, 'package.json'))) {
      isPackage = true
      if (isThis(join(at, 'bin', 'hallpass.cjs'))) return at
    }
    const linked = join(at, 'node_modules', '.bin', 'hallpass')
    if (existsSync(linked)) return isThis(linked) ? at : undefined
    if (at === dirname(at)) return undefined
  }
}

function isThis(file: string): boolean {
  try {
    return realpathSync(file) === realpathSync(program)
  } catch {
    return false
  }
}
