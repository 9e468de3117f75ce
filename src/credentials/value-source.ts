import type { RefinementCtx } from 'zod'
import { parseSeconds } from '../parse-seconds.ts'
import type { Zod } from '../rules/rule-schema.ts'
import { type Definition, filePathOption, type OptionFlags, type ReadFrom } from './kind.ts'
import { commandWords } from './value-command.ts'

/** The definition of a kind whose value may come from outside the session. Such a value is never sealed. */
export interface SourcedDefinition extends Definition {
  /** The command line: `gh auth token`. It runs without a shell. */
  readonly fromCommand?: string | undefined
  /** The name of a variable in the environment of the proxy. */
  readonly fromEnv?: string | undefined
  /** A path from `/` or `~/`. */
  readonly fromFile?: string | undefined
  /** How long the value of a command without an end of its own is kept: `10m`. */
  readonly ttl?: string | undefined
}

/** Where the value of a credential comes from. */
export interface ValueSource {
  readonly from: 'command' | 'variable' | 'file'
  /** The command line, the name of the variable, or the path. */
  readonly name: string
}

/** The options that name a source. A definition has one of them at most. */
export const sourceKeys = ['fromCommand', 'fromEnv', 'fromFile'] as const

/** A value that has ended earlier is noticed by the 401. */
const defaultTtlSeconds = 3600

export const sourceOptions = (z: Zod) => ({
  fromCommand: z
    .string()
    .transform((line, context) => {
      const words = commandWords(line)
      if (typeof words === 'object') return line
      context.issues.push({ code: 'custom', input: line, message: words })
      return z.NEVER
    })
    .optional()
    .describe('the command that prints the value, run without a shell'),
  ttl: z
    .string()
    .refine((text) => (parseSeconds(text) ?? 0) > 0, 'must be a time such as 90s, 10m or 8h')
    .optional()
    .describe('how long the value of a command is kept, if the value does not say when it ends'),
  fromEnv: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'must be the name of a variable, such as API_TOKEN')
    .optional()
    .describe('the variable that has the value, in the environment of the proxy'),
  fromFile: filePathOption(z)
    .optional()
    .describe('the file that has the value: read again when it changes, never written'),
})

/** Two sources could disagree, and nobody could say which one counts. */
export function oneSource(definition: SourcedDefinition, context: RefinementCtx): void {
  const [first, second] = sourceKeys.filter((key) => definition[key] !== undefined)
  const refuse = (key: keyof SourcedDefinition, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message })
  if (second !== undefined)
    refuse(second, `${first} names a source already, and a value has one: a command, a variable or a file`)
  else if (first !== undefined && first !== 'fromCommand' && definition.ttl !== undefined)
    refuse('ttl', `is for fromCommand, and the value comes from ${first}`)
}

export const sourceFlags: OptionFlags<SourcedDefinition> = {
  fromCommand: {
    flags: '--from-command <command>',
    summary: "the command that prints the value: 'gh auth token'",
  },
  ttl: {
    flags: '--ttl <time>',
    summary: 'with --from-command: how long a value without an end is kept: 10m; otherwise an hour',
  },
  fromEnv: {
    flags: '--from-env <variable>',
    summary: 'the variable that has the value, in the environment of the proxy',
  },
  fromFile: {
    flags: '--from-file <path>',
    summary: 'the file that has the value: read again when it changes',
    reads: 'path',
  },
}

/** The author of a bundle also names the hosts. */
export const sourceBundled = {
  // Attack: a program of the author's choice runs on the importer's machine.
  fromCommand: () => 'it runs a command on this machine',
  ttl: 'dropped',
  // Attack: another secret of the importer goes to the hosts of the author.
  fromEnv: () => 'it reads the environment of this machine',
  fromFile: () => 'it reads a file of this machine',
} as const

/** undefined for a value that lives in the session. */
export function valueSource(definition: object | undefined): ValueSource | undefined {
  // The schema of the kind checked it.
  const { fromCommand, fromEnv, fromFile } = (definition ?? {}) as Partial<SourcedDefinition>
  if (fromCommand !== undefined) return { from: 'command', name: fromCommand }
  if (fromEnv !== undefined) return { from: 'variable', name: fromEnv }
  return fromFile === undefined ? undefined : { from: 'file', name: fromFile }
}

export function readFromSource(definition: Definition): ReadFrom | undefined {
  const source = valueSource(definition)
  return source && { what: `the ${source.from} ${source.name}` }
}

export function ttlMs({ ttl }: SourcedDefinition): number {
  return (parseSeconds(ttl ?? '') ?? defaultTtlSeconds) * 1000
}
