import { createRequire } from 'node:module'
import pino from 'pino'
import { isPlain, printable, spelledOut, withoutQueryValues } from './log/printable.ts'
import { RotatingFile } from './log/rotating-file.ts'
import { Scrubber } from './log/scrubber.ts'
import type { Secret } from './secret.ts'

export { logFileName, logFiles } from './log/rotating-file.ts'

/** The log entry of a request: no headers and no values. `attached` and `captured` are names. */
export interface RequestEntry {
  readonly session: string
  readonly method: string
  readonly host: string
  /** The request target. The log removes the values of its query. */
  readonly path: string
  readonly status: number
  readonly ms: number
  readonly attached: readonly string[]
  readonly captured: readonly string[]
  readonly note?: string | undefined
}

/** Plain facts. The type has no room for headers, error objects and nested values, because these hold secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface Log {
  request(entry: RequestEntry): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** Cuts the value out of every later line, also percent-encoded or inside Base64. */
  scrub(secret: Secret): void
  /** How many registered values made room for newer ones. When it grows, register again what is still in use. */
  forgotten(): number
  /** Writes the pending lines. */
  close(): Promise<void>
}

export interface LogOptions {
  /** JSON lines go to `hallpass.log` in this folder, rotated and bounded. */
  readonly folder: string
  /** Readable lines go to stderr too. */
  readonly terminal?: boolean
}

export function openLog({ folder, terminal = false }: LogOptions): Log {
  const scrubber = new Scrubber()
  const file = new RotatingFile({ folder })
  const streams = [file, ...(terminal ? [terminalStream()] : [])].map((stream) => ({
    write: (line: string) => void stream.write(scrubber.scrub(line)),
  }))
  // A long text is cut later. The scrubber finds a value by its end, which the cut may take away.
  const scrubUncut = (text: string) => (isPlain(text) ? text : scrubber.scrub(text))
  const logger = pino(
    {
      base: { pid },
      timestamp: isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    pino.multistream(streams),
  )
  return {
    request: (entry) => {
      const line = requestJson(entry, scrubUncut)
      for (const stream of streams) stream.write(line)
    },
    info: (message, fields) => logger.info(checkedFields(fields), printable(scrubUncut(message))),
    warn: (message, fields) => logger.warn(checkedFields(fields), printable(scrubUncut(message))),
    error: (message, fields) => logger.error(checkedFields(fields), printable(scrubUncut(message))),
    scrub: (secret) => scrubber.add(secret),
    forgotten: () => scrubber.forgotten,
    close: () => file.close(),
  }
}

const { pid } = process

let timeMs = 0
let timeText = ''

/** The time as pino writes it, made once for all lines of a millisecond. */
function isoTime(): string {
  const now = Date.now()
  if (now !== timeMs) {
    timeMs = now
    timeText = `,"time":"${new Date(now).toISOString()}"`
  }
  return timeText
}

const nothing = () => {}

export const silentLog: Log = {
  request: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  scrub: nothing,
  forgotten: () => 0,
  close: async () => {},
}

/** The line that pino would write; pino is too slow for thousands of requests a second. */
function requestJson(entry: RequestEntry, scrubUncut: (text: string) => string): string {
  const { session, note } = entry
  return (
    `{"level":"info"${isoTime()},"pid":${pid},"session":${json(session)}` +
    `,"method":${json(entry.method)},"host":${json(entry.host)},"path":${json(scrubUncut(withoutQueryValues(entry.path)))}` +
    `,"status":${entry.status},"ms":${Math.round(entry.ms * 10) / 10}` +
    `,"attached":${jsonList(entry.attached)},"captured":${jsonList(entry.captured)}` +
    `${note === undefined ? '' : `,"note":${json(scrubUncut(note))}`},"msg":"request"}\n`
  )
}

function json(text: string): string {
  return isPlain(text) ? `"${text}"` : JSON.stringify(printable(text))
}

function jsonList(texts: readonly string[]): string {
  return texts.length === 0 ? '[]' : `[${texts.map(json).join()}]`
}

/** A field with such a name may hold a secret, so its value is never logged. */
const secretField = /cookie|authorization|token|password|secret|header/i

function checkedFields(fields: LogFields = {}): object {
  const entries = Object.entries(fields).map(([name, value]) => {
    if (secretField.test(name)) return [name, '[secret]']
    if (typeof value === 'string') return [name, printable(value)]
    return [name, Array.isArray(value) ? value.map((item) => printable(String(item))) : value]
  })
  return Object.fromEntries(entries)
}

function terminalStream(): pino.DestinationStream {
  const colorize = process.stderr.hasColors?.() === true && !process.env.NO_COLOR
  return prettyPrinter()({ ...readable, destination: 2, sync: true, colorize })
}

/** Makes a line of a log file readable, as the terminal shows it. */
export function readableLine(options: { readonly colorize: boolean }): (line: string) => string {
  return prettyPrinter().prettyFactory({ ...readable, ...options })
}

function prettyPrinter(): typeof import('pino-pretty') {
  // Loaded only for a terminal. Not in a worker: a crash would lose the lines that the worker still holds.
  return createRequire(import.meta.url)('pino-pretty')
}

const readable: import('pino-pretty').PrettyOptions = {
  translateTime: 'SYS:HH:MM:ss',
  ignore: 'pid',
  hideObject: true,
  // The escapes in a JSON line may stand for characters that drive a terminal.
  messageFormat: (line) => spelledOut(line.status === undefined ? messageLine(line) : requestLine(line)),
}

/** `GET app.example.com/me 200 12 ms  + cookie:sid  < csrftoken` */
function requestLine(line: Record<string, unknown>): string {
  const names = (mark: string, list: unknown) =>
    Array.isArray(list) && list.length > 0 ? `  ${mark} ${list.join(', ')}` : ''
  const session = line.session === 'default' ? '' : `  [${line.session}]`
  const note = line.note === undefined ? '' : `  (${line.note})`
  const what = `${line.method} ${line.host}${line.path} ${line.status} ${line.ms} ms`
  return what + names('+', line.attached) + names('<', line.captured) + session + note
}

const everyLine = new Set(['level', 'time', 'pid', 'msg'])

/** `the message  key=value key=value` */
function messageLine(line: Record<string, unknown>): string {
  const fields = Object.entries(line).filter(([name]) => !everyLine.has(name))
  return [line.msg, ...fields.map(([name, value]) => `${name}=${value}`)].join('  ')
}
