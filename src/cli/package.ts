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

/** How hallpass is typed here: a clone has a compiler configuration, which the package leaves out. */
function commandName(): string {
  const installed = root.split(sep).includes('node_modules')
  return !installed && existsSync(join(root, 'tsconfig.json')) ? 'npx hallpass' : 'hallpass'
}

/** Spells commands in a text, which are written `hallpass …` there, as they work here. A sentence about hallpass stays. */
export function spell(text: string): string {
  const name = commandName()
  if (name === 'hallpass') return text
  const words = [...commands.map((command) => command.name), 'help', '--'].join('|')
  return text.replaceAll(new RegExp(`(?<![\\w./-])hallpass (?=(?:${words}))`, 'g'), `${name} `)
}
