import type { Log } from '../log.ts'
import type { Plan } from '../plan/plan.ts'
import { secretsOf } from '../plan/secrets-of.ts'

/**
 * Registers the secrets of a plan with the log before the request is logged: a tool that knows a value can put it into a
 * path.
 */
export class ScrubbedPlans {
  readonly #log: Log
  /** One plan serves thousands of requests. */
  readonly #known = new WeakSet<Plan>()

  constructor(log: Log) {
    this.#log = log
  }

  add(plan: Plan): void {
    if (this.#known.has(plan)) return
    this.#known.add(plan)
    for (const secret of secretsOf(plan)) this.#log.scrub(secret)
  }
}
