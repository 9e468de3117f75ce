import type { Hallpass, OpenOptions } from '../index.ts'
import type { Secret } from '../secret.ts'
import type { GlobalFlags } from './global-flags.ts'
import type { Output } from './output.ts'

/**
 * The shape of a command file. `src/cli/commands/NAME.ts` exports `command: CommandSpec`, which is plain data: help and
 * completion read it, so the file imports nothing but types and lists. What the command does is in a file of its own, imported by
 * `load` when the command is typed.
 */
export interface CommandSpec {
  readonly name: string
  /** One line, lower-case, without a full stop. */
  readonly summary: string
  /** Paragraphs below the summary in `--help`. */
  readonly about?: string
  readonly operands?: readonly OperandSpec[]
  readonly options?: readonly OptionSpec[]
  /** Commands to type, written `hallpass …`; at most 92 columns, with `\\` and a line break in a longer one. */
  readonly examples?: readonly string[]
  /** A noun has subcommands and no `load`. */
  readonly subcommands?: readonly CommandSpec[]
  /** `--session` chooses what it works on; of a noun, what all its subcommands work on. */
  readonly takesSession?: true
  /** What stands after `--` belongs to a child and reaches `Input.rest` untouched. */
  readonly takesChild?: true
  /** Exit status of a failure that is hallpass's own, for a command whose status is its child's. */
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

/** Resolves to an exit status; nothing means 0. */
export type Run = (context: Context, input: Input) => Promise<number | undefined>

export interface Opening {
  /** Settings of flags, which go before environment and file. */
  readonly config?: OpenOptions['config']
  /** In place of what `--config` says. */
  readonly configFile?: string
  /** Hears a passphrase that was asked for. */
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
  /** A secret from stdin when it is no terminal, else from a hidden prompt. */
  secret(what: string): Promise<Secret>
  /** Asks for a line; without a terminal exit 2 naming `flag`. */
  answer(question: string, flag: string): Promise<string>
  /** Asks for yes or no; without a terminal exit 2 naming `flag`. */
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

  /** Whether `--name` stands there, with or without a value. */
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
