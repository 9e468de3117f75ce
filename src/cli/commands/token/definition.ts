import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { kindOf } from '../../../credentials/kinds.ts'
import { HallpassError } from '../../../errors.ts'
import type { CredentialInput } from '../../../sessions/merge-credential.ts'
import type { Input } from '../../command.ts'
import { type DefinitionFlag, definitionFlags, flagName } from './definition-flags.ts'

/** The definition that the flags give; keys without a flag are left out. */
export function definitionOf(input: Input): CredentialInput {
  const kind = input.text('kind')
  const said = definitionFlags.flatMap((flag) => {
    const value = readFlag(input, flag)
    return value === undefined ? [] : [[flag.key, value]]
  })
  return { ...(kind !== undefined && { kind }), ...Object.fromEntries(said) }
}

function readFlag(input: Input, flag: DefinitionFlag): unknown {
  const option = flagName(flag)
    .replace(/^--(no-)?/, '')
    .replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  switch (flag.reads) {
    case 'word':
      return input.text(option)
    case 'list':
      // OAuth writes several scopes in one text, with blanks.
      return input.list(option)?.flatMap((text) => text.trim().split(/\s+/))
    case 'path': {
      const path = input.text(option)
      // Stored, so it must name the same file from every folder. A shell leaves the tilde of --file=~/… as it is.
      return path === undefined ? undefined : resolve(path.replace(/^~(?=\/)/, () => homedir()))
    }
    case 'yes':
      return input.has(option) ? true : undefined
    case 'no':
      // The parser sets the option to true, and to false for the flag that begins with no-.
      return input.has(option) ? undefined : false
  }
}

/**
 * Reports errors of a definition by the flags that cause them.
 * @param held the credential exists and keeps the keys that no flag sets
 * @throws HallpassError 'usage'
 */
export async function checkDefinition(given: CredentialInput, held: boolean): Promise<void> {
  const kind = kindOf(given.kind ?? '')
  if (kind === undefined) return
  const { z } = await import('zod')
  for (const issue of kind.options(z).safeParse(given).error?.issues ?? []) {
    const key = String(issue.path[0] ?? '')
    if (issue.code === 'unrecognized_keys') {
      const strays = issue.keys.map(flagOf)
      throw new HallpassError('usage', `${strays.join(' and ')} does not apply to the kind ${kind.kind}`)
    }
    if (key === '') throw new HallpassError('usage', `the kind ${kind.kind}: ${issue.message}`)
    if (key in given) throw new HallpassError('usage', `${flagOf(key)}: ${issue.message}`)
    if (!held) throw new HallpassError('usage', `the kind ${kind.kind} needs ${flagOf(key)}`)
  }
}

function flagOf(key: string): string {
  const flag = definitionFlags.find((candidate) => candidate.key === key)
  return flag === undefined ? key : flagName(flag)
}
