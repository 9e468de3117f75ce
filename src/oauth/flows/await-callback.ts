import { HallpassError } from '../../errors.ts'
import type { Callback, LoopbackCallback, LoopbackOptions } from './loopback-callback.ts'

/** A sign-in in a browser. */
export interface SignInOptions {
  /**
   * Shows the person the page to sign in at.
   * @param start a URL that leads to the page once and tells nothing of the login, for the command line of a browser
   */
  readonly visit: (page: string, start: string) => void | Promise<void>
  /** Asks for the address at which the browser ended, copied by hand, when the browser cannot reach this machine. */
  readonly pasted?: (signal: AbortSignal) => Promise<string>
  readonly redirect?: LoopbackOptions
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Long enough to find a password and a second factor. */
const signInTimeoutMs = 5 * 60_000

/**
 * Shows a page, and waits for the redirect or for text that is copied by hand, whichever comes first.
 *
 * @throws HallpassError `login-failed` when nobody signs in; the reason of `signal`
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
      // A browser may run until it is closed. Only a failure to show the page matters here.
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
