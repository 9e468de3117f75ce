import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { withInheritedCores } from '../../core-dumps.ts'

/** A terminal sends these to its whole foreground group: the child already has the signal, and one Ctrl-C must not become two. */
const terminalSignals = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGTSTP'] as const
const otherSignals = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const

export interface ChildEnd {
  readonly status: number
  /** Set when a signal ended the child. */
  readonly signal?: NodeJS.Signals
  /** Set when the child could not start. */
  readonly failure?: string
}

/**
 * Runs a child on this terminal and resolves when it has ended. Signals go on to the child. If the child stops, this process stops
 * too, so that the shell sees its job stopped; a continue goes on to the child.
 */
export async function runChild(command: readonly string[], env: NodeJS.ProcessEnv): Promise<ChildEnd> {
  const [program = '', ...args] = command
  const { promise, resolve } = Promise.withResolvers<ChildEnd>()
  const listening = listenForSignals()
  try {
    const child = withInheritedCores(() => spawn(program, args, { stdio: 'inherit', env }))
    listening.forwardTo(child)
    child.on('error', (error) => resolve(startFailure(program, error)))
    child.on('exit', (code, signal) => {
      if (signal === null) resolve({ status: code ?? 1 })
      else resolve({ status: 128 + constants.signals[signal], signal })
    })
    return await promise
  } catch (error) {
    // spawn throws some failures instead of emitting `error` (E2BIG, ENOTDIR).
    return startFailure(program, error as Error)
  } finally {
    listening.end()
  }
}

type Child = ReturnType<typeof spawn>

/**
 * Listens before the child starts: a fast child can report that it is ready before `spawn` returns, and a signal sent then would end
 * this process and leave the child alone.
 */
function listenForSignals(): { forwardTo(child: Child): void; end(): void } {
  let child: Child | undefined
  let stopAsked = false
  const listeners = new Map<NodeJS.Signals, () => void>()
  for (const signal of terminalSignals) {
    listeners.set(signal, () => {
      if (signal === 'SIGTSTP') stopAsked = true
      if (!inForeground()) child?.kill(signal)
      // Without /proc the state of the child is unknown; assume that it stops.
      if (signal === 'SIGTSTP' && processStat('self') === undefined) process.kill(process.pid, 'SIGSTOP')
    })
  }
  for (const signal of otherSignals) listeners.set(signal, () => child?.kill(signal))
  // SIGCHLD also comes when a child stops. Without a terminal no shell waits for that, so only a forwarded stop is mirrored.
  listeners.set('SIGCHLD', () => {
    if (child?.pid === undefined || stateOf(child.pid) !== 'T' || !(stopAsked || hasTerminal())) return
    stopAsked = false
    process.kill(process.pid, 'SIGSTOP')
  })
  for (const [signal, listener] of listeners) {
    try {
      process.on(signal, listener)
    } catch {
      // The platform does not have this signal.
      listeners.delete(signal)
    }
  }
  return {
    // A signal that came meanwhile is delivered after this: listeners run in the event loop.
    forwardTo: (started) => {
      child = started
    },
    end: () => {
      for (const [signal, listener] of listeners) process.off(signal, listener)
    },
  }
}

/** proc(5), stat: state, parent, process group, session, terminal, the terminal's foreground group. */
function processStat(pid: number | 'self'): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The program's name is in parentheses and may contain spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function stateOf(pid: number): string | undefined {
  return processStat(pid)?.[0]
}

/** Whether this process has a controlling terminal. */
export function hasTerminal(): boolean {
  const stat = processStat('self')
  return stat === undefined ? process.stdin.isTTY : stat[4] !== '0'
}

/** Whether a key typed at the terminal signals this process and its child alike. */
function inForeground(): boolean {
  const stat = processStat('self')
  if (stat === undefined) return process.stdin.isTTY
  return stat[4] !== '0' && stat[2] === stat[5]
}

/** As in a shell: 127 for a missing command, 126 for one that cannot be executed. */
function startFailure(program: string, error: NodeJS.ErrnoException): ChildEnd {
  if (error.code === 'ENOENT') return { status: 127, failure: `${program}: command not found` }
  return { status: 126, failure: `${program}: cannot be executed (${error.code ?? error.message})` }
}
