import type { Log } from '../log.ts'
import type { Plan } from '../plan/plan.ts'
import { secretsOf } from '../plan/secrets-of.ts'

/**
 * Registers the secrets of a plan with the log before the request is logged: a tool that knows a value can put it into a
 * path.
 */
export class ScrubbedPlans {
  readonly #log: Log
  /** One plan serves thousands of requests. The number is `Log.forgotten` when its secrets were registered. */
  readonly #known = new WeakMap<Plan, number>()

  constructor(log: Log) {
    this.#log = log
  }

  add(plan: Plan): void {
    // Attack: an origin that rotates large cookies pushes the bearer of another plan out of the log's memory.
    if (this.#known.get(plan) === this.#log.forgotten()) return
    for (const secret of secretsOf(plan)) this.#log.scrub(secret)
    this.#known.set(plan, this.#log.forgotten())
  }
}
