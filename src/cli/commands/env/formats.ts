import { randomBytes } from 'node:crypto'
import type { EnvironmentChange } from '../../../environment/child-environment.ts'
import { HallpassError } from '../../../errors.ts'

/**
 * Writes a change of the environment for each shell and file format. Values for shells are quoted whole, so that no part of a value
 * (an inherited NO_PROXY, a path of the state folder) is read as code.
 */
export const formats: Readonly<Record<string, (change: EnvironmentChange) => string>> = {
  sh: (change) =>
    lines([
      ...removed(change).map((name) => `unset ${name}`),
      ...Object.entries(change.set).map(([name, value]) => `export ${name}=${quoteSh(value)}`),
    ]),
  fish: (change) =>
    lines([
      ...removed(change).map((name) => `set -e ${name}`),
      ...Object.entries(change.set).map(([name, value]) => `set -gx ${name} ${quoteFish(value)}`),
    ]),
  pwsh: (change) =>
    lines([
      ...removed(change).map((name) => `Remove-Item -ErrorAction SilentlyContinue Env:${name}`),
      ...Object.entries(change.set).map(([name, value]) => `$env:${name} = ${quotePwsh(value)}`),
    ]),
  dotenv: (change) => lines(assignments(change, quoteDotenv)),
  docker: (change) => lines(assignments(change, oneLine)),
  github: (change) => {
    // A random delimiter: otherwise a value could contain it, end the block and set another variable.
    const delimiter = `hallpass_${randomBytes(16).toString('hex')}`
    return lines(
      [...removed(change).map((name) => [name, ''] as const), ...Object.entries(change.set)].flatMap(
        ([name, value]) => [`${name}<<${delimiter}`, value, delimiter],
      ),
    )
  },
}

export function quoteSh(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}

/** fish reads `\'` and `\\` inside single quotes, and nothing else. */
function quoteFish(value: string): string {
  return `'${value.replaceAll(/[\\']/g, '\\$&')}'`
}

/** PowerShell reads typographic quotes as quotes too; doubled, each means itself. */
function quotePwsh(value: string): string {
  return `'${value.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
}

/** All readers of .env files agree on plain words, and on single quotes around a value without quotes and line breaks. */
function quoteDotenv(value: string, name: string): string {
  if (/^[\w./:@,+=-]*$/.test(value)) return value
  if (value.includes("'")) throw unquotable(name, 'a quote')
  return `'${oneLine(value, name)}'`
}

/** docker takes quotes as part of the value. */
function oneLine(value: string, name: string): string {
  if (/[\r\n]/.test(value)) throw unquotable(name, 'a line break')
  return value
}

function unquotable(name: string, what: string): HallpassError {
  return new HallpassError('failed', `${name} contains ${what}, which this format cannot write`, {
    hint: 'hallpass env --format json',
  })
}

function assignments(change: EnvironmentChange, quote: (value: string, name: string) => string): string[] {
  // A file cannot remove a variable, so an inherited one is set to nothing.
  return [
    ...removed(change).map((name) => `${name}=`),
    ...Object.entries(change.set).map(([name, value]) => `${name}=${quote(value, name)}`),
  ]
}

/** Without the variables that are set anew. */
function removed(change: EnvironmentChange): readonly string[] {
  return [...new Set(change.remove)].filter((name) => change.set[name] === undefined)
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
