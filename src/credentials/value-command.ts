import { parseSeconds } from '../parse-seconds.ts'
import type { Zod } from '../rules/rule-schema.ts'
import type { Definition, OptionFlags } from './kind.ts'

/** The definition of a kind whose value a command of the user may print. */
export interface CommandDefinition extends Definition {
  /** The command line: `gh auth token`. It runs without a shell. */
  readonly fromCommand?: string | undefined
  /** How long a value without an end of its own is kept: `10m`. */
  readonly ttl?: string | undefined
}

/** A value that has ended earlier is noticed by the 401. */
const defaultTtlSeconds = 3600

export const commandOptions = (z: Zod) => ({
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
})

export const commandFlags: OptionFlags<CommandDefinition> = {
  fromCommand: {
    flags: '--from-command <command>',
    summary: "the command that prints the value: 'gh auth token'",
  },
  ttl: {
    flags: '--ttl <time>',
    summary: 'with --from-command: how long a value without an end is kept: 10m; otherwise an hour',
  },
}

export const commandBundled = {
  // Attack: the author of a bundle runs a program on the importer's machine.
  fromCommand: () => 'it runs a command on this machine',
  ttl: 'dropped',
} as const

/** The command line that prints the value of a credential; undefined for a value that comes from elsewhere. */
export function commandOf(definition: Definition | undefined): string | undefined {
  const line: unknown =
    definition !== undefined && 'fromCommand' in definition ? definition.fromCommand : undefined
  return typeof line === 'string' ? line : undefined
}

export function ttlMs({ ttl }: CommandDefinition): number {
  return (parseSeconds(ttl ?? '') ?? defaultTtlSeconds) * 1000
}

/** A quoted part, an escaped character, blanks, or any other character. */
const parts = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s"'\\])|(\s+)|([\s\S])/g

/**
 * The words of a command line, with quotes as in a shell.
 * @returns why not: a shell would do more with the line than split it
 */
export function commandWords(line: string): readonly string[] | string {
  const words: string[] = []
  let word: string | undefined
  for (const [part, single, double, escaped, blank, plain] of line.trim().matchAll(parts)) {
    if (/[\r\n]/.test(blank ?? escaped ?? '')) return 'the command has a line break outside quotes'
    if (blank !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    if (plain === '"' || plain === "'") return 'a quote is not closed'
    const text = single ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? escaped ?? plain ?? ''
    if (means(plain, word) || (double !== undefined && /[$`]/.test(double))) {
      return `no shell runs the command, so ${plain ?? part} would be an ordinary word: put it into single quotes, or name a script`
    }
    word = `${word ?? ''}${text}`
  }
  if (word !== undefined) words.push(word)
  if (words[0] === undefined || words[0] === '') return 'the command is empty'
  const [, variable] = /^(\w+)=/.exec(words[0]) ?? []
  if (variable !== undefined)
    return `no shell runs the command, so it cannot begin with ${variable}=: write env ${variable}=… before the program`
  return words.some((each) => each.includes('\0')) ? 'the command has a NUL' : words
}

/** Whether a shell would give this character a meaning. `~` and `#` have one at the beginning of a word. */
function means(plain: string | undefined, before: string | undefined): boolean {
  return plain !== undefined && (/[|&;<>$`()*?[]/.test(plain) || (/[~#]/.test(plain) && before === undefined))
}
