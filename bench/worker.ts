import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

const startTimeoutMs = 30_000
const callTimeoutMs = 120_000

const pinning =
  process.platform === 'linux' &&
  availableParallelism() >= 2 &&
  spawnSync('taskset', ['--version']).status === 0
/** The process under test has a core to itself. Origin and load share the others. */
export const cpuOfProxy = '0'
const cpusOfOthers = `1-${availableParallelism() - 1}`
export const pinningNote = pinning
  ? `proxies pinned to CPU ${cpuOfProxy}, origin and load to ${cpusOfOthers}`
  : 'not pinned to CPUs (needs Linux, two of them, and taskset)'

/** The same command line on the core of the proxies. */
export function pinnedToProxy(line: readonly string[]): readonly string[] {
  return pinning ? ['taskset', '-c', cpuOfProxy, ...line] : line
}

/** A process of the bench. It takes commands over IPC. */
export class Worker<Ready = unknown> {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  #calls = 0
  readonly ready: Ready
  /** From the spawn until the process says that it is ready. */
  readonly readyMs: number

  private constructor(child: ChildProcess, ready: Ready, readyMs: number) {
    this.#child = child
    this.ready = ready
    this.readyMs = readyMs
    child.on('message', (answer: { id: number; result?: never; error?: string }) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (answer.error === undefined) waiting?.resolve(answer.result as never)
      else waiting?.reject(new Error(answer.error))
    })
    child.on('exit', (status, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the process ended (${status ?? signal})`))
    })
  }

  static async start<Ready>(
    script: string,
    argument: unknown,
    options: { readonly proxy?: boolean; readonly nodeArgs?: readonly string[] } = {},
  ): Promise<Worker<Ready>> {
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...(options.nodeArgs ?? [])]
    const line = [...node, join(import.meta.dirname, script), JSON.stringify(argument)]
    const command = pinning ? ['taskset', '-c', options.proxy ? cpuOfProxy : cpusOfOthers, ...line] : line
    const startedAt = performance.now()
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // http-mitm-proxy prints each failed socket. The end of the text shows why a start failed.
      said = (said + text).slice(-2000)
    })
    const ready = await new Promise<Ready>((resolve, reject) => {
      const bound = setTimeout(
        () => reject(new Error(`${script} is not ready after ${startTimeoutMs} ms`)),
        startTimeoutMs,
      )
      child.once('message', (message: { ready: Ready }) => {
        clearTimeout(bound)
        resolve(message.ready)
      })
      child.once('exit', (status) => reject(new Error(`${script} ended with ${status}: ${said}`)))
    })
    return new Worker(child, ready, performance.now() - startedAt)
  }

  async call<T>(command: string, argument?: unknown): Promise<T> {
    if (!this.#child.connected) throw new Error('the process is gone')
    const id = this.#calls++
    const answer = new Promise<T>((resolve, reject) =>
      this.#waiting.set(id, { resolve: resolve as never, reject }),
    )
    this.#child.send({ id, command, argument })
    const bound = setTimeout(() => {
      this.#waiting.get(id)?.reject(new Error(`no answer to ${command} in ${callTimeoutMs} ms`))
    }, callTimeoutMs)
    return await answer.finally(() => clearTimeout(bound))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    // A process that makes a profile writes it on disconnect. A proxy that then hangs is killed.
    this.#child.disconnect()
    const bound = setTimeout(() => this.#child.kill('SIGKILL'), 3000)
    await gone
    clearTimeout(bound)
  }
}
