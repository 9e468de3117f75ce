import { type ChildProcess, type SpawnOptionsWithStdioTuple, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { cachedEnvironment } from '../support/compile-cache.ts'

const script = fileURLToPath(new URL('./worker.ts', import.meta.url))

export interface Worker {
  readonly child: ChildProcess
  /** What it said so far. */
  readonly lines: readonly string[]
  /** Resolves when it has said so many lines, or has ended. */
  said(count: number): Promise<void>
  /** Resolves when it has ended and all it said was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Starts a job of worker.ts. `limit` is a command of the shell that comes first, such as a ulimit. */
export function startWorker(job: string, root: string, args: readonly string[] = [], limit = ''): Worker {
  const command = [process.execPath, script, job, root, ...args]
  const options: SpawnOptionsWithStdioTuple<'pipe', 'pipe', 'inherit'> = {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: cachedEnvironment,
  }
  const child =
    limit === ''
      ? spawn(process.execPath, command.slice(1), options)
      : spawn('sh', ['-c', `${limit}; exec "$@"`, 'sh', ...command], options)
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    wake()
  })
  let over = false
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true
    wake()
    return { code, signal }
  })
  const said = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (lines.length < count && !over) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return { child, lines, said, ended }
}
