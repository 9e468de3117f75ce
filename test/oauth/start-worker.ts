import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { cachedEnvironment } from '../support/compile-cache.ts'
import type { Jobs } from './worker-jobs.ts'

const script = fileURLToPath(new URL('./worker.ts', import.meta.url))

export interface Worker {
  readonly child: ChildProcess
  /** Rejects with the error of the job, or if the worker ends before the job is done. */
  ask<J extends keyof Jobs>(job: J, input: Parameters<Jobs[J]>[0]): ReturnType<Jobs[J]>
  /** Kills the worker at once with a signal that it cannot catch. */
  kill(): Promise<void>
}

let first: Promise<unknown> | undefined

/** A new process that has opened this state folder. */
export async function startWorker(root: string): Promise<Worker> {
  await first
  const worker = start(root)
  first ??= worker
  return await worker
}

async function start(root: string): Promise<Worker> {
  const child = spawn(process.execPath, [script, root], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: cachedEnvironment,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.on('error', () => {}) // the worker was killed; the missing answer shows it
  const ended = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the worker ended')
    return JSON.parse(value)
  }
  await next()
  return {
    child,
    async ask(job, input) {
      child.stdin.write(`${JSON.stringify({ job, input })}\n`)
      const { answer, error } = await next()
      if (error !== undefined) throw new Error(error)
      return answer
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  } as Worker
}
