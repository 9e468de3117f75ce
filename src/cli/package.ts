import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commands } from './commands.ts'

/** The folder of package.json: of a clone, or of an installed package. */
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export function packageVersion(): string {
  const text: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : 'unknown'
}

/** How hallpass is typed here: by npx in a clone, which has a compiler configuration, and where a project has it installed. */
function commandName(): string {
  return npxFolder() === undefined ? 'hallpass' : 'npx hallpass'
}

/** The folder, with all below it, where npx finds this hallpass: elsewhere it would look for one in the registry. */
export function npxFolder(): string | undefined {
  if (!root.split(sep).includes('node_modules'))
    return existsSync(join(root, 'tsconfig.json')) ? root : undefined
  // npm links the commands of a project's packages there, and those of global ones into PATH.
  const linked = join(root, '..', '.bin', 'hallpass')
  return existsSync(linked) ? join(root, '..', '..') : undefined
}

/** Spells commands in a text, which are written `hallpass …` there, as they work here. A sentence about hallpass stays. */
export function spell(text: string): string {
  const name = commandName()
  if (name === 'hallpass') return text
  const words = [...commands.map((command) => command.name), 'help', '--'].join('|')
  return text.replaceAll(new RegExp(`(?<![\\w./-])hallpass (?=(?:${words}))`, 'g'), `${name} `)
}
