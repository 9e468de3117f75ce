import type { HallpassError } from '../errors.ts'

/** For one holder. Longer than any work under a lock, a token refresh over a slow network included. */
export const defaultTimeoutMs = 30_000

/** The callers of this process for one lock file or one record. The first holds it or tries to get it. */
export interface Line {
  /** The others, in order of arrival. */
  readonly waiting: (() => void)[]
  /** When a holder last came or went, as far as this process saw. */
  lastMove: number
}

export interface Caller {
  /** The name of the line. */
  readonly key: string
  readonly timeoutMs: number
  readonly arrival: number
}

/**
 * Waits for the turn of the caller, and gives up when one holder keeps the others waiting for too long, however long the queue is.
 * @throws what `timedOut` makes
 */
export async function enter(
  lines: Map<string, Line>,
  caller: Caller,
  timedOut: (key: string) => HallpassError,
): Promise<Line> {
  const { key, timeoutMs, arrival } = caller
  const line = lines.get(key)
  if (line === undefined) {
    const first: Line = { waiting: [], lastMove: arrival }
    lines.set(key, first)
    return first
  }
  await new Promise<void>((resolve, reject) => {
    const checkIn = (ms: number) => setTimeout(check, ms)
    const check = () => {
      const left = timeLeft(caller, line)
      if (left > 0) {
        timer = checkIn(left)
        return
      }
      line.waiting.splice(line.waiting.indexOf(go), 1)
      reject(timedOut(key))
    }
    const go = () => {
      clearTimeout(timer)
      resolve()
    }
    let timer = checkIn(timeoutMs)
    line.waiting.push(go)
  })
  return line
}

export function timeLeft({ arrival, timeoutMs }: Caller, { lastMove }: Line): number {
  return Math.max(arrival, lastMove) + timeoutMs - performance.now()
}

export function leave(lines: Map<string, Line>, key: string, { waiting }: Line): void {
  const next = waiting.shift()
  if (next === undefined) lines.delete(key)
  else next()
}
