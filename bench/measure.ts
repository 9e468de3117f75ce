import type { Usage } from './child.ts'
import type { Route } from './client.ts'
import type { Worker } from './worker.ts'

/** One way from the client to the origin. */
export interface Subject {
  readonly name: string
  readonly route: Route
  /** CPU and memory of the process so far. Absent for a direct connection. */
  readonly usage?: () => Promise<Usage>
}

export interface Effort {
  readonly rounds: number
  readonly durationMs: number
  readonly warmUpMs: number
  readonly bulkBytes: number
  readonly coldHosts: number
}

export interface Bench {
  readonly load: Worker
  /** A second load generator. Its fifty handshakes must not delay the warm client of the first. */
  readonly burstLoad: Worker
  readonly effort: Effort
  /** The number of the next host that the subject has not seen. */
  nextHosts(subject: Subject, count: number): number
}

export type Measured = Readonly<Record<string, number>>

export type Measure = (bench: Bench, subject: Subject) => Promise<Measured>
