import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const repository = join(import.meta.dirname, '..', '..')
/** What `bin/hallpass.cjs` starts. From the sources, a command takes three times as long. */
export const mainFile = join(repository, 'dist', 'cli', 'main.cjs')

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Call {
  readonly env?: NodeJS.ProcessEnv
  readonly stdin?: string
  readonly cwd?: string
}

/** The built hallpass as processes of its own, on a fresh state folder that goes with the test. */
export class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'hallpass-cli-'))
  readonly home = join(this.folder, 'state')
  readonly env: NodeJS.ProcessEnv

  constructor() {
    // So that npx would find this hallpass in the folder: hints then say `npx hallpass`.
    const commands = join(this.folder, 'node_modules', '.bin')
    mkdirSync(commands, { recursive: true })
    symlinkSync(join(repository, 'bin', 'hallpass.cjs'), join(commands, 'hallpass'))
    const { PATH, TMPDIR } = process.env
    this.env = {
      PATH,
      HOME: this.folder,
      HALLPASS_HOME: this.home,
      HALLPASS_NO_KEYRING: '1',
      // Not the fixed port: another test, or the developer's own proxy, may have it.
      HALLPASS_LISTEN: '127.0.0.1:0',
      // Compiling anew takes longer than most commands.
      NODE_COMPILE_CACHE: join(repository, 'node_modules', '.cache', 'tests'),
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
    }
    onTestFinished(async () => {
      if (existsSync(join(this.home, 'run', 'pid'))) await this.run(['stop'])
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  run(args: readonly string[], call: Call = {}): Promise<Ended> {
    return ended(this.spawn(args, call), call.stdin)
  }

  /** A process that goes on, for the test to signal. */
  spawn(args: readonly string[], call: Call = {}): ChildProcess {
    const env = { ...this.env, ...call.env }
    return spawn(process.execPath, [mainFile, ...args], { env, cwd: call.cwd ?? this.folder, stdio: 'pipe' })
  }

  /** A script for bash in which `hallpass` is the command under test. */
  shell(script: string, call: Call = {}): Promise<Ended> {
    return ended(this.shellProcess(script, call), call.stdin)
  }

  /** The same as a process that goes on. */
  shellProcess(script: string, call: Call = {}): ChildProcess {
    const named = `hallpass() { '${process.execPath}' '${mainFile}' "$@"; }\n${script}`
    const env = { ...this.env, ...call.env }
    return spawn('/bin/bash', ['-c', named], { env, cwd: this.folder, stdio: 'pipe' })
  }
}

/** Far beyond any machine, and below the limit of a test: a hang is a failure with its output. */
const boundMs = 240_000

export function ended(child: ChildProcess, stdin = ''): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const bound = setTimeout(() => child.kill('SIGKILL'), boundMs)
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.once('error', reject)
  child.once('close', (status, signal) => {
    clearTimeout(bound)
    resolve({ status, signal, stdout, stderr })
  })
  child.stdin?.on('error', () => {}) // a child that reads nothing closes its end; its status tells the rest
  child.stdin?.end(stdin)
  return promise
}

/** Resolves when a stream has said so much that it matches. */
export async function said(
  child: ChildProcess,
  pattern: RegExp,
  stream: 'stdout' | 'stderr' = 'stdout',
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const bound = setTimeout(() => reject(new Error(`never said ${pattern}: ${text}`)), boundMs)
  child[stream]?.setEncoding('utf8').on('data', (more: string) => {
    text += more
    if (pattern.test(text)) resolve(text)
  })
  child.once('close', () => reject(new Error(`ended without ${pattern}: ${text}`)))
  try {
    return await promise
  } finally {
    clearTimeout(bound)
  }
}
