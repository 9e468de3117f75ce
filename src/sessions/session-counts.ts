import { Histogram, zeros } from '../histogram.ts'

export const sessionEnds = [
  'expired',
  /** It made room for a new one. */
  'evicted',
  'removed',
] as const

export type SessionEnd = (typeof sessionEnds)[number]

/** The sessions that this process has made and ended. */
export class SessionCounts {
  created = 0
  readonly ended = zeros(sessionEnds)
  /** How long the ended ones existed: from a minute to 90 days. */
  readonly seconds = new Histogram([60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000, 7_776_000])

  /** @param ms undefined for a session whose file could not be read */
  end(how: SessionEnd, ms: number | undefined): void {
    this.ended[how] += 1
    // The clock may have been set back.
    if (ms !== undefined) this.seconds.observe(Math.max(0, ms) / 1000)
  }
}
