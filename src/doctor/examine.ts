import { hallpassErrorOf } from '../errors.ts'
import { bad, type Finding, type Patient } from './check.ts'
import { checks } from './checks.ts'

export interface CheckedFinding extends Finding {
  readonly check: string
}

/** Runs every check in turn. A check that fails is a finding too, and the others still run. */
export async function* examine(patient: Patient): AsyncGenerator<CheckedFinding> {
  const told = new Set<string>()
  for (const check of checks) {
    for (const finding of await check.examine(patient).catch(failed)) {
      // A state folder that cannot be opened makes many checks fail with the same fact, which is reported once.
      if (finding.verdict === 'bad' && told.has(finding.fact)) continue
      told.add(finding.fact)
      yield { check: check.name, ...finding }
    }
  }
}

function failed(error: unknown): readonly Finding[] {
  const { message, hint } = hallpassErrorOf(error)
  return [bad(message, hint)]
}
