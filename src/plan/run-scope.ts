import { HallpassError } from '../errors.ts'
import { type HostPattern, parseHostPattern } from '../rules/host-pattern.ts'
import type { Scope } from './scope.ts'

/** `--capture`, `--only` and `--strict` of a `run`, as they were typed. */
export interface RunScope {
  readonly capture?: readonly string[]
  readonly only?: readonly string[]
  readonly strict?: boolean
}

/** @throws HallpassError `usage` that names the malformed host. */
export function scopeOf({ capture, only, strict }: RunScope): Scope {
  return {
    ...(capture && { capture: parsed('--capture', capture) }),
    ...(only && { only: parsed('--only', only) }),
    ...(strict && { strict }),
  }
}

function parsed(flag: string, hosts: readonly string[]): HostPattern[] {
  return hosts.map((text) => {
    try {
      return parseHostPattern(text)
    } catch (error) {
      const hint = `hallpass run ${flag} app.example.com -- COMMAND`
      throw new HallpassError('usage', `${flag}: ${(error as Error).message}`, { hint, cause: error })
    }
  })
}
