import { resolve } from 'node:path'
import { kindOf } from '../../../credentials/kinds.ts'
import { HallpassError } from '../../../errors.ts'
import type { CredentialInput } from '../../../sessions/merge-credential.ts'
import type { Input } from '../../command.ts'
import { type DefinitionFlag, definitionFlags, flagName } from './definition-flags.ts'

/** What the flags say about a credential, and nothing where they say nothing. */
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
      return input.list(option)
    case 'path': {
      const path = input.text(option)
      // What is kept must mean the same file from everywhere.
      return path === undefined ? undefined : resolve(path)
    }
    case 'yes':
      return input.has(option) ? true : undefined
    case 'no':
      // The parser sets the option, and makes it false for the flag that begins with no-.
      return input.has(option) ? undefined : false
  }
}

/**
 * Says what is wrong with the flags in terms of the flags.
 * @param held the credential is there already, and keeps what no flag says
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
      throw new HallpassError('usage', `${strays.join(' and ')} says nothing about the kind ${kind.kind}`)
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
