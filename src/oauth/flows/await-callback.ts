import { HallpassError } from '../../errors.ts'
import type { Callback, LoopbackCallback, LoopbackOptions } from './loopback-callback.ts'

/** A sign-in in a browser. */
export interface SignInOptions {
  /**
   * Shows the person the page to sign in at.
   * @param start leads to the page once, and says nothing of the login: for the command line of a browser of this machine
   */
  readonly visit: (page: string, start: string) => void | Promise<void>
  /** What the browser ended up with, copied by hand: from one that cannot reach this machine. */
  readonly pasted?: (signal: AbortSignal) => Promise<string>
  readonly redirect?: LoopbackOptions
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Long enough to find a password and a second factor. */
const signInTimeoutMs = 5 * 60_000

/**
 * Shows a page and waits for what comes back: by the redirect, or as text by hand, whichever is first.
 *
 * @throws HallpassError `login-failed` when nobody comes; the reason of `signal`
 */
export async function awaitCallback(
  loopback: LoopbackCallback | undefined,
  { page, start }: { readonly page: string; readonly start: string },
  { visit, pasted, timeoutMs = signInTimeoutMs, signal }: SignInOptions,
): Promise<Callback | string> {
  const over = new AbortController()
  const ends = [AbortSignal.timeout(timeoutMs), over.signal, ...(signal === undefined ? [] : [signal])]
  const ended = AbortSignal.any(ends)
  try {
    return await Promise.race([
      ...(loopback === undefined ? [] : [loopback.callback]),
      // A browser may run until it is closed: only that it could not be shown anything matters here.
      shown(visit, page, start),
      ...(pasted === undefined ? [] : [pasted(ended)]),
      never(ended, timeoutMs),
    ])
  } finally {
    over.abort()
  }
}

async function shown(visit: SignInOptions['visit'], page: string, start: string): Promise<never> {
  await visit(page, start)
  return new Promise(() => {})
}

function never(signal: AbortSignal, timeoutMs: number): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => {
      const timeout = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
      const minutes = Math.max(1, Math.round(timeoutMs / 60_000))
      const message = `nobody signed in within ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`
      reject(timeout ? new HallpassError('login-failed', message) : signal.reason)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
