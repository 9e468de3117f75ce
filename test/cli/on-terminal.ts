import { spawn } from 'node:child_process'
import type { TestContext } from 'vitest'
import { type CommandLine, mainFile } from '../support/command-line.ts'
import { needs } from '../support/installed.ts'

export interface Answer {
  /** Typed when this is on the screen. */
  readonly at: RegExp
  readonly keys: string
}

/** Runs a command on a terminal of its own and types; both output streams are one there. Skips where Python is not installed. */
export async function onTerminal(
  context: TestContext,
  cli: CommandLine,
  args: readonly string[],
  answers: readonly Answer[],
): Promise<{ readonly status: number | null; readonly screen: string }> {
  needs(context, 'python3')
  const child = spawn('python3', ['-c', terminal, process.execPath, mainFile, ...args], {
    env: { ...cli.env, TERM: 'xterm', NO_COLOR: '1' },
    cwd: cli.folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  const bound = setTimeout(() => child.kill('SIGKILL'), 40_000)
  let screen = ''
  let since = 0
  const left = [...answers]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    const [next] = left
    if (next === undefined || !next.at.test(screen.slice(since))) return
    left.shift()
    since = screen.length
    child.stdin.write(next.keys)
  })
  child.once('error', reject)
  child.once('close', resolve)
  try {
    return { status: await promise, screen }
  } finally {
    clearTimeout(bound)
    child.stdin.destroy()
  }
}

const terminal = `
import os, pty, sys
# A new terminal has no columns, and prompts then write one letter a line.
sized = ['sh', '-c', 'stty cols 200 rows 50; exec "$@"', 'sh']
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sized + sys.argv[1:])))
`
