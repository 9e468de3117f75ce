import { styleText } from 'node:util'
import { hallpassErrorOf } from '../errors.ts'
import type { GlobalFlags } from './command.ts'
import { spell } from './package.ts'
import { inSamePlace } from './same-place.ts'

type Style = Parameters<typeof styleText>[0]

/** stdout carries data alone; everything said to a person goes to stderr. */
export class Output {
  readonly json: boolean
  readonly #quiet: boolean
  readonly #verbose: boolean

  readonly #place: Partial<Pick<GlobalFlags, 'home' | 'session'>>

  constructor(options: Pick<GlobalFlags, 'json' | 'quiet' | 'verbose'> & Partial<GlobalFlags>) {
    this.json = options.json
    this.#quiet = options.quiet
    this.#verbose = options.verbose
    this.#place = options
  }

  /** A line of data. */
  line(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  /** Data as it is, without a newline added. */
  raw(text: string | Uint8Array): void {
    process.stdout.write(text)
  }

  /** The one document of a `--json` call: `{"schema":"hallpass.status/1",…}`. Keys are snake_case, times RFC 3339 UTC. */
  document(schema: string, fields: Readonly<Record<string, unknown>>): void {
    this.line(JSON.stringify({ schema: `hallpass.${schema}`, ...fields }, null, 2))
  }

  /** One of several documents of a call that goes on for a while: each is one line, as it happens. */
  event(schema: string, fields: Readonly<Record<string, unknown>>): void {
    this.line(JSON.stringify({ schema: `hallpass.${schema}`, ...fields }))
  }

  /** Columns of data, as wide as their widest cell. */
  table(rows: readonly (readonly string[])[]): void {
    const widths: number[] = []
    for (const row of rows) {
      row.forEach((cell, column) => {
        widths[column] = Math.max(widths[column] ?? 0, cell.length)
      })
    }
    for (const row of rows) {
      this.line(
        row
          .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
          .join('  ')
          .trimEnd(),
      )
    }
  }

  /** Says something to the person; not with `--quiet`. A command in it is written `hallpass …` and spelled as it works here. */
  say(text: string): void {
    if (!this.#quiet) this.#talk(spell(text))
  }

  /** As `say`, only with `--verbose`. */
  detail(text: string): void {
    if (this.#verbose) this.#talk(spell(text))
  }

  warn(text: string): void {
    this.#talk(`${this.paint('yellow', 'warning:')} ${text}`)
  }

  /** Something to type next; `command` is spelled `hallpass …`. */
  hint(command: string): void {
    if (!this.#quiet) this.#talk(`${this.paint('cyan', 'hint:')} ${this.#typed(command)}`)
  }

  /** Prints an error and its hint and gives the exit status. */
  fail(error: unknown, exit?: number): number {
    const known = hallpassErrorOf(error)
    const status = exit ?? known.exit
    if (this.json) {
      const hint = known.hint === undefined ? null : this.#typed(known.hint)
      process.stderr.write(
        `${JSON.stringify({ error: { code: known.code, message: known.message, hint, exit: status } })}\n`,
      )
      return status
    }
    this.#talk(`${this.paint('red', 'error:')} ${known.message}`)
    if (known.hint !== undefined) this.#talk(`${this.paint('cyan', 'hint:')} ${this.#typed(known.hint)}`)
    if (this.#verbose && error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`)
    return status
  }

  /** Whether stream is to be coloured. */
  colours(stream: NodeJS.WriteStream): boolean {
    return coloured(stream)
  }

  /** Colours text for stderr. */
  paint(style: Style, text: string): string {
    return paintFor(process.stderr, style, text)
  }

  /** Colours text for stdout. */
  paintData(style: Style, text: string): string {
    return paintFor(process.stdout, style, text)
  }

  #typed(command: string): string {
    return spell(inSamePlace(command, this.#place))
  }

  #talk(text: string): void {
    process.stderr.write(`${text.replaceAll(/^/gm, 'hallpass: ')}\n`)
  }
}

function paintFor(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return coloured(stream) ? styleText(style, text, { stream, validateStream: false }) : text
}

/** https://no-color.org and https://force-color.org; a dumb terminal and a CI log show escapes as they are. */
function coloured(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM, CI } = process.env
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0'
  return stream.isTTY === true && !NO_COLOR && TERM !== 'dumb' && !CI
}
