import type { Hallpass, OpenOptions } from '../index.ts'
import type { Secret } from '../secret.ts'
import type { GlobalFlags } from './global-flags.ts'
import type { Output } from './output.ts'

/**
 * The shape of a command file. `src/cli/commands/NAME.ts` exports `command: CommandSpec`, which is plain data for help and
 * completion, so the file imports only types and lists. `load` imports the code when the command is typed.
 */
export interface CommandSpec {
  readonly name: string
  /** One line, lower-case, without a full stop. */
  readonly summary: string
  /** Paragraphs below the summary in `--help`. */
  readonly about?: string
  readonly operands?: readonly OperandSpec[]
  readonly options?: readonly OptionSpec[]
  /** Commands to type, written `hallpass …`; at most 74 columns, with `\\` and a line break in a longer one. */
  readonly examples?: readonly string[]
  /** A noun has subcommands and no `load`. */
  readonly subcommands?: readonly CommandSpec[]
  /** The command works on the session of `--session`; for a noun, all its subcommands do. */
  readonly takesSession?: true
  /** The words after `--` belong to a child and reach `Input.rest` untouched. */
  readonly takesChild?: true
  /** Exit status of a failure of hallpass itself, for a command that ends with the status of its child. */
  readonly ownFailure?: number
  readonly load?: () => Promise<{ readonly run: Run }>
}

export interface OperandSpec {
  /** `<url>`, `[site]`, `[hosts...]` */
  readonly name: string
  readonly summary: string
  readonly choices?: readonly string[]
}

export interface OptionSpec {
  /** `--yes`, `--kind <kind>`, `--host <host...>`, `--capture [host...]` */
  readonly flags: string
  readonly summary: string
  readonly choices?: readonly string[]
}

/** Resolves to an exit status; undefined means 0. */
export type Run = (context: Context, input: Input) => Promise<number | undefined>

export interface Opening {
  /** Settings of flags, which override the environment and the file. */
  readonly config?: OpenOptions['config']
  /** In place of what `--config` says. */
  readonly configFile?: string
  /** Called with the passphrase that the user typed. */
  readonly typed?: (passphrase: Secret) => void
}

export interface Context {
  readonly flags: GlobalFlags
  /** The environment, with `--home` already in it as HALLPASS_HOME. */
  readonly env: NodeJS.ProcessEnv
  readonly output: Output
  /** Every command, for completion. */
  readonly commands: readonly CommandSpec[]
  /**
   * Opens home, keys, store, configuration and sessions. The first use makes them and says so in three lines.
   */
  open(opening?: Opening): Promise<Hallpass>
  /** Reads a secret from a hidden prompt, or from stdin if stdin is not a terminal. */
  secret(what: string): Promise<Secret>
  /** Asks for a line. Without a terminal the command exits with 2 and names `flag`. */
  answer(question: string, flag: string): Promise<string>
  /** Asks for yes or no. Without a terminal the command exits with 2 and names `flag`. */
  confirm(question: string, flag?: string): Promise<boolean>
}

/** Operands and options of one call. */
export class Input {
  readonly args: readonly string[]
  readonly rest: readonly string[]
  readonly #options: Readonly<Record<string, unknown>>

  constructor(args: readonly string[], rest: readonly string[], options: Readonly<Record<string, unknown>>) {
    this.args = args
    this.rest = rest
    this.#options = options
  }

  /** The value of `--name TEXT`, by its camelCase name (`--max-age` is `maxAge`). */
  text(name: string): string | undefined {
    const value = this.#options[name]
    return typeof value === 'string' ? value : undefined
  }

  /** Whether `--name` was given, with or without a value. */
  has(name: string): boolean {
    const value = this.#options[name]
    return value !== undefined && value !== false
  }

  /** The values of `--name A B`; empty for a bare `--name`, undefined when it is absent. */
  list(name: string): readonly string[] | undefined {
    const value = this.#options[name]
    if (Array.isArray(value)) return value.map(String)
    if (typeof value === 'string') return [value]
    return value === true ? [] : undefined
  }
}

/** Ends a command with a status and no message: a cancelled prompt is 130. */
export class Exit extends Error {
  readonly status: number

  constructor(status: number) {
    super(`exit ${status}`)
    this.status = status
  }
}
