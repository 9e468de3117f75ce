import type { Limits } from './limits.ts'
import type { Sweep, Swept } from './sweep.ts'
import { timeoutError } from './upstream-error.ts'

/** Look-up, connect and handshake together: `dial` is given up after `connectMs`, or when `signal` aborts. */
export async function dialInTime<T>(
  { sweep, limits }: { readonly sweep: Sweep; readonly limits: Limits },
  endpoint: string,
  signal: AbortSignal,
  dial: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = new AbortController()
  const giveUp = () => attempt.abort(signal.reason)
  const watch: Swept = {
    deadline: performance.now() + limits.connectMs,
    expire: () => attempt.abort(timeoutError(endpoint, 'no connection in time')),
  }
  sweep.watch(watch)
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()
  try {
    return await dial(attempt.signal)
  } finally {
    sweep.forget(watch)
    signal.removeEventListener('abort', giveUp)
  }
}
