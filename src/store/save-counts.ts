import { Histogram, zeros } from '../histogram.ts'
import type { RecordId } from './store.ts'

type Kind = RecordId['kind']

const kinds: readonly Kind[] = ['cookies', 'storage', 'credential', 'undo', 'ca']

/** The sealed records that a store has written, and how long the disk took for each. */
export class SaveCounts {
  readonly saved = zeros(kinds)
  readonly failed = zeros(kinds)
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
