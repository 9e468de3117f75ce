import { Histogram } from '../histogram.ts'
import type { RecordId } from './store.ts'

type Kind = RecordId['kind']

/** The compiler finds a kind that is missing here. */
const none: Readonly<Record<Kind, number>> = {
  cookies: 0,
  storage: 0,
  credential: 0,
  health: 0,
  undo: 0,
  ca: 0,
}

/** The sealed records that a store has written, and how long the disk took for each. */
export class SaveCounts {
  readonly saved = { ...none }
  readonly failed = { ...none }
  readonly seconds = new Histogram([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])

  async time(kind: Kind, save: () => Promise<void>): Promise<void> {
    const startedAt = performance.now()
    try {
      await save()
    } catch (error) {
      this.failed[kind] += 1
      throw error
    }
    this.saved[kind] += 1
    this.seconds.observe((performance.now() - startedAt) / 1000)
  }
}
