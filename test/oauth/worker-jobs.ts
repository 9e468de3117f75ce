import type { RefreshOutcome } from '../../src/oauth/refresher.ts'

/** The jobs of a worker, and their results. */
export interface Jobs {
  /** GETs through a proxy of its own, one begun every so often; how many were answered with which status. */
  requests(input: {
    readonly url: string
    readonly count: number
    readonly everyMs: number
  }): Promise<Readonly<Record<string, number>>>
  /** A GET with the headers that the library gives. */
  use(input: { readonly url: string }): Promise<number>
  refresh(input: { readonly name: string }): Promise<RefreshOutcome>
  end(input: object): Promise<void>
}
