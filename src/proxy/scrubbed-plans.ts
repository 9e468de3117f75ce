import type { Log } from '../log.ts'
import type { Plan } from '../plan/plan.ts'
import { Secret } from '../secret.ts'

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
    for (const { value } of plan.cookies.attached) this.#log.scrub(new Secret(value))
    for (const { source } of plan.credentials.attached) {
      if (source.from === 'signature') for (const secret of source.signer.secrets) this.#log.scrub(secret)
      if (source.from !== 'value' && source.from !== 'placeholder') continue
      this.#log.scrub(source.value)
      // `Bearer …`: the value behind the scheme is met without it.
      const [, behind] = source.value.reveal().split(' ', 2)
      if (behind !== undefined) this.#log.scrub(new Secret(behind))
    }
  }
}
