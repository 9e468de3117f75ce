import { type Plan, type PlanRequest, variantOf } from '../plan/plan.ts'

/** What a plan was made from; when one of them differs, the plan does not count any more. */
export interface PlanStamps {
  readonly jar: string
  readonly credentials: string
}

interface PlansOfDestination {
  readonly stamps: PlanStamps
  /** As each of its plans has it: the same rule and cookies decide for all of them. */
  readonly byRequest: boolean
  readonly plans: Map<string, Kept>
}

/** When something that a plan attaches was last used, ms since the epoch. */
export interface Use {
  at: number
}

interface Kept {
  readonly plan: Plan
  /** Noted with every hit; undefined for nearly all plans. */
  readonly uses: readonly Use[] | undefined
  /** The same promise for all who ask: a hit makes no new one. */
  readonly promise: Promise<Plan>
}

/** A tool talks to a handful of hosts; a crawler to many, of which the oldest go. Some kilobytes each. */
const maxDestinations = 1000
const maxPlansPerDestination = 200

/** Plans that were made already. Whoever asks brings the stamps as they are now: a hit is never older than they are. */
export class PlanMemo {
  readonly #destinations = new Map<string, PlansOfDestination>()

  get(request: PlanRequest, scope: string, stamps: PlanStamps, now: number): Promise<Plan> | undefined {
    const key = destinationKey(request, scope)
    const destination = this.#destinations.get(key)
    if (destination === undefined) return undefined
    if (destination.stamps.jar !== stamps.jar || destination.stamps.credentials !== stamps.credentials) {
      this.#destinations.delete(key)
      return undefined
    }
    const kept = destination.plans.get(variantOf(request, destination.byRequest))
    if (kept === undefined || now >= kept.plan.validUntil) return undefined
    if (kept.uses !== undefined) for (const use of kept.uses) use.at = now
    return kept.promise
  }

  keep(request: PlanRequest, scope: string, stamps: PlanStamps, plan: Plan, uses?: readonly Use[]): void {
    const { byRequest } = plan
    const key = destinationKey(request, scope)
    const held = this.#destinations.get(key)
    const same =
      held !== undefined && held.stamps.jar === stamps.jar && held.stamps.credentials === stamps.credentials
    const destination = same ? held : { stamps, byRequest, plans: new Map<string, Kept>() }
    if (!same) {
      this.#destinations.delete(key)
      this.#destinations.set(key, destination)
      dropOldest(this.#destinations, maxDestinations)
    }
    destination.plans.set(variantOf(request, byRequest), {
      plan,
      uses,
      promise: Promise.resolve(plan),
    })
    dropOldest(destination.plans, maxPlansPerDestination)
  }
}

function destinationKey({ scheme, host, port, site }: PlanRequest, scope: string): string {
  return `${scheme} ${host} ${port} ${site} ${scope}`
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  if (map.size <= max) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
