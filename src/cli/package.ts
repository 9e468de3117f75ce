import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json: of a clone, or of an installed package. */
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export function packageVersion(): string {
  const text: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : 'unknown'
}

/** How hallpass is typed here: a clone has a compiler configuration, which the package leaves out. */
export function commandName(): string {
  const installed = root.split(sep).includes('node_modules')
  return !installed && existsSync(join(root, 'tsconfig.json')) ? 'npx hallpass' : 'hallpass'
}

/** Spells a command that is written `hallpass …` as it works here. */
export function spell(command: string): string {
  const name = commandName()
  return name === 'hallpass' ? command : command.replaceAll(/(?<![\w./-])hallpass (?=[a-z-])/g, `${name} `)
}
