import { HallpassError } from '../errors.ts'
import type { Refused } from '../plan/policy.ts'
import { authorityOf, type Origin } from './origin.ts'

/** The 403 for a request or a CONNECT that must not go. */
export function policyError(method: string, origin: Origin, { reason, hint }: Refused): HallpassError {
  const authority = authorityOf(origin)
  return new HallpassError('policy', `${method} ${authority} is not allowed: ${reason}`, {
    hint: hint ?? `hallpass explain --method ${method} ${origin.scheme}://${authority}/`,
  })
}
