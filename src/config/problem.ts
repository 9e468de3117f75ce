import { HallpassError } from '../errors.ts'

/** Both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** One problem of the configuration. */
export interface Problem {
  /** `/path/config.yaml:3:5`, `HALLPASS_LISTEN` or `--listen`. */
  readonly where: string
  /** The key, as `rules[0].hosts`; '' for the file as a whole. */
  readonly key: string
  readonly message: string
  /** A command to type. */
  readonly hint?: string | undefined
}

export function problemText({ where, key, message }: Problem): string {
  return key === '' ? `${where}: ${message}` : `${where}: ${key}: ${message}`
}

/** The error of a configuration with these problems. It names the first and counts the others. A flag belongs to the command line. */
export function configError(problems: readonly Problem[]): HallpassError {
  const [first] = problems
  if (first === undefined) return new HallpassError('config-invalid', 'the configuration is not valid')
  const more = problems.length - 1
  const text = more === 0 ? problemText(first) : `${problemText(first)} (and ${more} more)`
  if (first.where.startsWith('--'))
    return new HallpassError('usage', text, { hint: first.hint ?? 'hallpass start --help' })
  return new HallpassError('config-invalid', text, {
    hint: first.hint ?? (more === 0 ? 'hallpass config schema' : 'hallpass config check'),
  })
}
