/** Values in buckets, as plain numbers: to note a value takes some nanoseconds, and a reader may look at any time. */
export class Histogram {
  /** The upper bounds of the buckets, ascending. */
  readonly bounds: readonly number[]
  /** How many values each bucket holds; the last one holds those above every bound. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = [...bounds, Number.POSITIVE_INFINITY].map(() => 0)
  }

  observe(value: number): void {
    let bucket = 0
    while (value > (this.bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.sum += value
  }
}

/** A number for each of these labels, all 0. */
export function zeros<Label extends string>(labels: readonly Label[]): Record<Label, number> {
  return Object.fromEntries(labels.map((label) => [label, 0])) as Record<Label, number>
}
