import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json: of a clone, or of an installed package. */
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export function packageVersion(): string {
  const text: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : 'unknown'
}

/**
 * The folder in which (and below which) `npx hallpass` starts this hallpass: a clone, which has a compiler configuration, or
 * a project that has it installed. Elsewhere npx would fetch a package of that name from the registry. Undefined for a
 * global installation, which is typed `hallpass`.
 */
export function npxFolder(): string | undefined {
  if (!root.split(sep).includes('node_modules'))
    return existsSync(join(root, 'tsconfig.json')) ? root : undefined
  // npm links the commands of a project's packages there, and those of global ones into PATH.
  const linked = join(root, '..', '.bin', 'hallpass')
  return existsSync(linked) ? join(root, '..', '..') : undefined
}
