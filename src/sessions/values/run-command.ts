import { type ExecFileException, execFile } from 'node:child_process'
import { printable } from '../../log/printable.ts'
import { Scrubber } from '../../log/scrubber.ts'
import { Secret } from '../../secret.ts'

/** Enough for a password manager that asks for a finger. A request waits meanwhile. */
const deadlineMs = 20_000
/** A value has some kilobytes. More output is something else. */
const maxBytes = 1024 * 1024
/** A line of a program can be long, and people read it. */
const maxReasonLength = 300

export type Printed = { readonly printed: string } | { readonly failed: string }

/** What a command prints. It runs as the user, without a shell, in the environment of this process, and reads nothing. */
export function runCommand([program = '', ...args]: readonly string[]): Promise<Printed> {
  return new Promise((resolve) => {
    const options = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: maxBytes } as const
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ printed: stdout })
      resolve({ failed: `${program} ${howEnded(error)}${lastWords(stderr, stdout)}` })
    })
    // A program that asks on stdin would wait for ever.
    child.stdin?.end()
  })
}

function howEnded({ code, killed, signal }: ExecFileException): string {
  if (code === 'ENOENT') return 'was not found'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed far too much'
  if (typeof code === 'string') return `did not start (${code})`
  if (typeof code === 'number') return `ended with exit status ${code}`
  return killed === true
    ? `did not end within ${deadlineMs / 1000} s`
    : `was ended by ${signal ?? 'a signal'}`
}

/** The last line of stderr, without what the command printed on stdout: it can be a value. */
function lastWords(stderr: string, stdout: string): string {
  const last = stderr.trimEnd().split(/\r?\n/).at(-1) ?? ''
  if (last === '') return ''
  const scrubber = new Scrubber()
  for (const line of stdout.split(/\r?\n/)) scrubber.add(new Secret(line))
  return `: ${printable(scrubber.scrub(last).slice(0, maxReasonLength))}`
}
