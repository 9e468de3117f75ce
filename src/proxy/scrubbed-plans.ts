import type { Log } from '../log.ts'
import type { Plan } from '../plan/plan.ts'
import { secretsOf } from '../plan/secrets-of.ts'

/**
 * Tells the log what no line may hold before a request that carries it can be logged: a tool that has guessed or was told a
 * value puts it into a path.
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
