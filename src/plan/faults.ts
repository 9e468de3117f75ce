import type { Freshness } from '../credentials/kind.ts'
import type { Chosen } from './choose-credentials.ts'

/**
 * A credential that should go on a request but does not, or goes with a dead token, and the reason. The site then answers as to a
 * stranger, and nothing else would say why. A credential that needs a login is reported separately.
 */
export interface Fault {
  readonly name: string
  readonly reason: string
}

export function faultsOf({ attached, withheld }: Chosen, now: number): readonly Fault[] {
  let faults = none
  for (const { name, reason, fault, freshness } of withheld) {
    if (fault !== true || freshness?.needsLogin !== undefined) continue
    const failure = failureOf(freshness)
    faults = [...faults, { name, reason: failure === undefined ? reason : `${reason}; ${failure}` }]
  }
  for (const { name, freshness } of attached) {
    const failure = failureOf(freshness)
    if (failure === undefined || freshness?.needsLogin !== undefined) continue
    if (freshness?.expiresAt === undefined || freshness.expiresAt > now) continue
    faults = [...faults, { name, reason: `its token has expired; ${failure}` }]
  }
  return faults
}

/** Every plan asks: the same array for nearly all of them. */
const none: readonly Fault[] = []

function failureOf(freshness: Freshness | undefined): string | undefined {
  if (freshness?.last?.result !== 'failed') return undefined
  const { reason } = freshness.last
  return reason === undefined ? 'the refresh fails' : `the refresh fails: ${reason}`
}
