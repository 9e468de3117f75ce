import { type Plan, type PlanRequest, variantOf } from '../plan/plan.ts'
import { ByteCache, roughBytes } from '../store/byte-cache.ts'

/** The state of the session that a plan was made from. With another stamp the plan no longer holds. */
export interface PlanStamps {
  readonly jar: string
  readonly credentials: string
}

/** When something that a plan attaches was last used, ms since the epoch. */
export interface Use {
  at: number
}

interface Kept {
  readonly stamps: PlanStamps
  readonly plan: Plan
  /** Noted with every hit; undefined for nearly all plans. */
  readonly uses: readonly Use[] | undefined
  /** The same promise for all who ask: a hit makes no new one. */
  readonly promise: Promise<Plan>
}

/** The plans of all sessions. */
export type PlanCache = ByteCache<string, Kept>

/** A plan takes some kilobytes. Many destinations, with large cookies and cookies for single paths, would fill gigabytes. */
const maxBytes = 16 * 1024 * 1024

export function planCache(): PlanCache {
  return new ByteCache(maxBytes)
}

/** Counts the memos, so that a session never gets the plans of a removed session with its name. */
let memos = 0

/** Remembers the plans of one session. The caller gives the stamps of now, so that a hit is never stale. */
export class PlanMemo {
  readonly #cache: PlanCache
  readonly #owner = ++memos

  constructor(cache: PlanCache) {
    this.#cache = cache
  }

  get(request: PlanRequest, scope: string, stamps: PlanStamps, now: number): Promise<Plan> | undefined {
    const destination = this.#destinationKey(request, scope)
    const kept =
      this.#current(destination + variantOf(request, false), stamps) ??
      this.#current(destination + variantOf(request, true), stamps)
    if (kept === undefined || now >= kept.plan.validUntil) return undefined
    if (kept.uses !== undefined) for (const use of kept.uses) use.at = now
    return kept.promise
  }

  keep(request: PlanRequest, scope: string, stamps: PlanStamps, plan: Plan, uses?: readonly Use[]): void {
    const key = this.#destinationKey(request, scope) + variantOf(request, plan.byRequest)
    const kept = { stamps, plan, uses, promise: Promise.resolve(plan) }
    this.#cache.set(key, kept, roughBytes([key, stamps, plan]))
  }

  #current(key: string, stamps: PlanStamps): Kept | undefined {
    const kept = this.#cache.get(key)
    if (kept === undefined) return undefined
    if (kept.stamps.jar === stamps.jar && kept.stamps.credentials === stamps.credentials) return kept
    this.#cache.delete(key)
    return undefined
  }

  #destinationKey({ scheme, host, port, site }: PlanRequest, scope: string): string {
    return `${this.#owner} ${scheme} ${host} ${port} ${site} ${scope} `
  }
}
