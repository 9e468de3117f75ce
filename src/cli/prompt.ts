import type { Interface } from 'node:readline'
import { HallpassError } from '../errors.ts'
import { quotedWord } from '../quoted-word.ts'
import { Secret } from '../secret.ts'
import { Exit } from './command.ts'
import type { GlobalFlags } from './global-flags.ts'
import { visible } from './terminal-text.ts'

/** A larger value is a wrong file, not a secret. */
const maxSecretBytes = 1024 * 1024

/** The exit status after Ctrl-C, as a shell reports it: 128 + SIGINT. */
const interrupted = 130

/** Reads a secret from a hidden prompt on stderr, or from stdin if stdin is not a terminal; never from the command line. */
export async function secret(flags: GlobalFlags, what: string): Promise<Secret> {
  if (!process.stdin.isTTY) return new Secret(await readStdin(what))
  if (!flags.input) {
    throw new HallpassError('usage', `${what} is missing, and --no-input forbids asking: write it to stdin`)
  }
  return hiddenPrompt(what)
}

/** The same for a secret of one line, which leaves the further lines of stdin to `pastedLine`. */
export async function secretLine(flags: GlobalFlags, what: string): Promise<Secret> {
  if (process.stdin.isTTY) return await secret(flags, what)
  const line = await nextLine()
  if (line === undefined || line === '')
    throw new HallpassError('usage', `${what} is missing: stdin is empty`)
  return new Secret(line)
}

/** Asks for the passphrase on the terminal only: stdin may be the data of the command. */
export async function passphrase(flags: GlobalFlags): Promise<Secret> {
  if (!flags.input || !process.stdin.isTTY) {
    throw new HallpassError(
      'key-locked',
      'a passphrase protects the key, and there is no terminal to ask for it: name a file with it in HALLPASS_PASSPHRASE_FILE',
      { hint: 'hallpass key status' },
    )
  }
  return hiddenPrompt('passphrase of the key')
}

/**
 * Asks for yes or no on stderr. Without a terminal the error names the flag that answers (exit 2).
 * @param typed the command line, for the hint
 */
export async function confirm(
  flags: GlobalFlags,
  typed: readonly string[],
  question: string,
  flag = '--yes',
): Promise<boolean> {
  if (!flags.input || !process.stdin.isTTY) {
    const message = `hallpass must ask first, and there is no terminal. ${flag} answers yes to: ${question}`
    throw new HallpassError('usage', message, {
      hint: ['hallpass', ...typed, flag].map(quotedWord).join(' '),
    })
  }
  const clack = await import('@clack/prompts')
  const answer = await clack.confirm({
    message: visible(question),
    initialValue: false,
    output: process.stderr,
  })
  if (clack.isCancel(answer)) throw new Exit(interrupted)
  return answer
}

/** Asks for a line on stderr. Without a terminal the error names the flag that answers (exit 2). */
export async function answer(flags: GlobalFlags, question: string, flag: string): Promise<string> {
  if (!flags.input || !process.stdin.isTTY) {
    throw new HallpassError(
      'usage',
      `hallpass must ask, and there is no terminal: use ${flag}. The question: ${question}`,
    )
  }
  const clack = await import('@clack/prompts')
  process.stderr.columns ||= 80
  const text = await clack.text({ message: visible(question), output: process.stderr })
  if (clack.isCancel(text)) throw new Exit(interrupted)
  if (!text?.trim()) throw new HallpassError('usage', `${flag} is missing`)
  return text.trim()
}

/** Reads a pasted line from a prompt, or the next line of stdin; undefined at the end of stdin. */
export async function pastedLine(
  flags: GlobalFlags,
  what: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (flags.input && process.stdin.isTTY) {
    const clack = await import('@clack/prompts')
    process.stderr.columns ||= 80
    const text = await clack.text({ message: visible(what), output: process.stderr, signal })
    if (signal.aborted) return new Promise(() => {})
    if (clack.isCancel(text)) throw new Exit(interrupted)
    return text ?? ''
  }
  signal.addEventListener('abort', () => stdinLines?.close(), { once: true })
  try {
    for (;;) {
      const line = await nextLine()
      if (signal.aborted) return new Promise(() => {})
      if (line === undefined || line.trim() !== '') return line
    }
  } finally {
    stdinLines?.close()
  }
}

/** One reader for all lines of stdin: a second one would miss the lines that the first has read ahead. */
let stdinLines: Interface | undefined
let lines: AsyncIterator<string> | undefined

async function nextLine(): Promise<string | undefined> {
  if (lines === undefined) {
    const { createInterface } = await import('node:readline')
    stdinLines = createInterface({ input: process.stdin })
    lines = stdinLines[Symbol.asyncIterator]()
  }
  process.stdin.ref?.()
  const next = await lines.next()
  // A writer that keeps its pipe open must not keep this process.
  process.stdin.unref?.()
  return next.done === true ? undefined : next.value
}

async function hiddenPrompt(what: string): Promise<Secret> {
  const clack = await import('@clack/prompts')
  // On a terminal without a size (expect, docker exec -t at its start) the prompt would wrap after each letter.
  process.stderr.columns ||= 80
  const answer = await clack.password({ message: visible(what), output: process.stderr })
  if (clack.isCancel(answer)) throw new Exit(interrupted)
  if (!answer) throw new HallpassError('usage', `${what} is empty`)
  return new Secret(answer)
}

async function readStdin(what: string): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    const piece = Buffer.from(chunk)
    bytes += piece.length
    if (bytes > maxSecretBytes) throw new HallpassError('usage', `${what}: stdin holds more than 1 MiB`)
    chunks.push(piece)
  }
  // `echo` ends with a newline that is not part of the value.
  const value = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (value === '') throw new HallpassError('usage', `${what} is missing: stdin is empty`)
  return value
}
