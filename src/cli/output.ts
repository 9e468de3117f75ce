import type { Document } from '../documents/document.ts'
import { hallpassErrorOf } from '../errors.ts'
import { jsonSpelledOut } from '../log/printable.ts'
import type { GlobalFlags } from './global-flags.ts'
import type { SessionTaker } from './same-place.ts'
import { type HintSpell, hintSpelling } from './spelling.ts'
import { forStream, painted, type Text, uncoloured, visible, visibleLines } from './terminal-text.ts'

/**
 * All that a command prints. stdout carries data alone; what is said to a person goes to stderr. Control and direction
 * characters are made visible here, at the one gate, so that no command can forget it; only `raw` prints them.
 */
export class Output {
  readonly json: boolean
  /**
   * Rewrites the commands in a text, written `hallpass …`, so that they work in this folder, for the same state folder and session,
   * or for the session that the text is about.
   * The methods that print for a person do this themselves; JSON documents need it.
   */
  readonly spell: HintSpell
  readonly #quiet: boolean
  readonly #verbose: boolean

  constructor(
    flags: Pick<GlobalFlags, 'json' | 'quiet' | 'verbose'> & Partial<GlobalFlags>,
    commands: readonly SessionTaker[],
  ) {
    this.json = flags.json
    this.spell = hintSpelling(flags, commands)
    this.#quiet = flags.quiet
    this.#verbose = flags.verbose
  }

  /** A line of data for a person. */
  line(text: Text): void {
    process.stdout.write(`${forStream(text, process.stdout, this.#shown)}\n`)
  }

  /** Columns of data, as wide as their widest cell. */
  table(rows: readonly (readonly Text[])[]): void {
    const widths: number[] = []
    const widthOf = (cell: Text) => uncoloured(cell, this.#shown).length
    for (const row of rows) {
      row.forEach((cell, column) => {
        widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
      })
    }
    for (const row of rows) {
      const cells = row.map((cell, column) => {
        const padding = column === row.length - 1 ? 0 : (widths[column] ?? 0) - widthOf(cell)
        return forStream(cell, process.stdout, this.#shown) + ' '.repeat(padding)
      })
      process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
    }
  }

  /** Data for a program: exact in a pipe or a file. On a terminal all control characters but line breaks are made visible. */
  value(data: string | Uint8Array): void {
    if (process.stdout.isTTY) this.raw(visibleLines(typeof data === 'string' ? data : textOf(data)))
    else this.raw(data)
  }

  /** Bytes as they are, also on a terminal. */
  raw(data: string | Uint8Array): void {
    process.stdout.write(data)
  }

  /** A document that the admin API answers too. */
  print(document: Document): void {
    this.raw(`${jsonSpelledOut(JSON.stringify(document, null, 2))}\n`)
  }

  /** The one document of a `--json` call that no other door gives: `{"schema":"hallpass.status/1",…}`. Keys are snake_case, times RFC 3339 UTC. */
  document(schema: `${string}/${number}`, fields: Readonly<Record<string, unknown>>): void {
    this.print({ schema: `hallpass.${schema}`, ...fields })
  }

  /** One of several documents of a call that goes on for a while: each is one line, as it happens. */
  event(schema: string, fields: Readonly<Record<string, unknown>>): void {
    this.raw(`${jsonSpelledOut(JSON.stringify({ schema: `hallpass.${schema}`, ...fields }))}\n`)
  }

  /** Says something to the person; not with `--quiet`. */
  say(text: Text): void {
    if (!this.#quiet) this.#talk(text, this.#shown)
  }

  /** As `say`, only with `--verbose`. */
  detail(text: string): void {
    if (this.#verbose) this.#talk(text, this.#shown)
  }

  warn(text: string): void {
    this.#talk([painted('yellow', 'warning:'), ` ${text}`])
  }

  /** Something to type next; `command` is written `hallpass …`. */
  hint(command: string, session?: string): void {
    if (!this.#quiet) this.#hint(command, session)
  }

  /** Prints an error and its hint and gives the exit status. */
  fail(error: unknown, exit?: number): number {
    const known = hallpassErrorOf(error)
    const status = exit ?? known.exit
    if (this.json) {
      const hint = known.hint === undefined ? null : this.spell(known.hint)
      const document = { error: { code: known.code, message: known.message, hint, exit: status } }
      process.stderr.write(`${jsonSpelledOut(JSON.stringify(document))}\n`)
      return status
    }
    const [first = '', ...more] = known.message.split('\n')
    this.#talk([painted('red', 'error:'), ` ${first}`])
    for (const line of more) this.#talk(line)
    if (known.hint !== undefined) this.#hint(known.hint)
    if (this.#verbose && error instanceof Error && error.stack)
      process.stderr.write(`${visibleLines(error.stack)}\n`)
    return status
  }

  readonly #shown = (text: string) => visible(this.spell(text))

  #hint(command: string, session?: string): void {
    this.#talk([painted('cyan', 'hint:'), ` ${this.spell(command, session)}`])
  }

  #talk(text: Text, edit: (piece: string) => string = visible): void {
    process.stderr.write(`hallpass: ${forStream(text, process.stderr, edit)}\n`)
  }
}

/** UTF-8 where it is, else one character a byte. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
