import { hallpassErrorOf } from '../errors.ts'
import { bad, type Finding, type Patient } from './check.ts'
import { checks } from './checks.ts'

export interface CheckedFinding extends Finding {
  readonly check: string
}

/** Runs every check in turn; one that fails is a finding of its own and does not keep the others from speaking. */
export async function* examine(patient: Patient): AsyncGenerator<CheckedFinding> {
  const told = new Set<string>()
  for (const check of checks) {
    for (const finding of await check.examine(patient).catch(failed)) {
      // What keeps the state folder from opening stops half of the checks: it is one fact, not eight.
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
