import { type ExecFileException, execFile } from 'node:child_process'
import { spelledOut } from '../../log/printable.ts'
import { Scrubber } from '../../log/scrubber.ts'
import { Secret } from '../../secret.ts'

/** Enough for a password manager that asks for a finger. A request waits meanwhile. */
const deadlineMs = 20_000
/** A value has some kilobytes. More output is something else. */
const maxBytes = 1024 * 1024
/** A program that the command leaves in the background may keep stdout open. The command's own output is read by then. */
const lingerMs = 500
/** A line of a program can be long, and people read it. */
const maxReasonLength = 300

/** `status`: the command itself ended with it. */
export type Printed = { readonly printed: string } | { readonly failed: string; readonly status?: number }

/** What a command prints. It runs as the user, without a shell, in this environment, and reads nothing. */
export function runCommand(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Printed> {
  return new Promise((resolve) => {
    const options = { env, timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: maxBytes } as const
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ printed: stdout })
      const failed = `${program} ${howEnded(error)}${lastWords(stderr, stdout)}`
      resolve({ failed, ...(typeof error.code === 'number' && { status: error.code }) })
    })
    // A program that asks on stdin would wait for ever.
    child.stdin?.end()
    child.once('exit', () => {
      const cut = setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, lingerMs)
      child.once('close', () => clearTimeout(cut))
    })
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

/** The values that stdout may hold: lines, texts of JSON, words, tokens in a form. */
const valueParts = [/[^\r\n]+/g, /[^"\r\n]+/g, /[^\s"']{8,}/g, /[\w.~+/-]{8,}/g]

/** The last line of stderr, without the parts that the command also printed on stdout: they can be a value. */
function lastWords(stderr: string, stdout: string): string {
  const last = stderr.trimEnd().split(/\r?\n/).at(-1) ?? ''
  if (last === '') return ''
  const scrubber = new Scrubber()
  for (const [part] of valueParts.flatMap((parts) => [...stdout.matchAll(parts)])) {
    scrubber.add(new Secret(part))
    // Too many parts to cut them all out.
    if (scrubber.forgotten > 0) return ''
  }
  // The scrubber finds values as the JSON of the log spells them.
  const spelled = JSON.stringify(spelledOut(last)).slice(1, -1)
  const line = scrubber.scrub(spelled).replaceAll(/\\(["\\])/g, '$1')
  return `: ${line.slice(0, maxReasonLength)}`
}
