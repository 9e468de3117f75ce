import { marks } from './marks.ts'

/** metric → subject → one value a round. */
export type Results = Map<string, Map<string, number[]>>

export function record(results: Results, subject: string, measured: Readonly<Record<string, number>>): void {
  for (const [metric, value] of Object.entries(measured)) {
    if (Number.isNaN(value)) continue
    const row = results.get(metric) ?? new Map<string, number[]>()
    results.set(metric, row)
    row.set(subject, [...(row.get(subject) ?? []), value])
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, two) => one - two)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

export interface Judged {
  readonly what: string
  readonly ratio: number
  readonly mark: string
  readonly ok: boolean
}

/** hallpass against each mark whose subject ran. */
export function judge(results: Results): Judged[] {
  return marks.flatMap((mark) => {
    const row = results.get(mark.metric)
    const ours = row?.get('hallpass')
    const theirs = mark.against === undefined ? [1] : row?.get(mark.against)
    if (ours === undefined || theirs === undefined) return []
    const ratio = median(ours) / median(theirs)
    const ok = mark.least === undefined ? ratio <= (mark.most ?? 0) : ratio >= mark.least
    const text = mark.least === undefined ? `≤ ${mark.most}` : `≥ ${mark.least}`
    return [
      {
        what: mark.against === undefined ? mark.metric : `${mark.metric}, × ${mark.against}`,
        ratio,
        mark: text,
        ok,
      },
    ]
  })
}

export function toText(results: Results, subjects: readonly string[]): string {
  const rows = [...results].map(([metric, row]) => [
    metric,
    ...subjects.map((subject) => figure(median(row.get(subject) ?? []))),
  ])
  const judged = judge(results).map(({ what, ratio, mark, ok }) => [
    what,
    ratio.toFixed(2),
    mark,
    ok ? 'ok' : 'MISSED',
  ])
  return `${table([['', ...subjects], ...rows])}\n\n${table([['hallpass by its marks', 'ratio', 'mark', ''], ...judged])}\n`
}

export function toJson(results: Results, about: Readonly<Record<string, unknown>>): string {
  const metrics = Object.fromEntries(
    [...results].map(([metric, row]) => [
      metric,
      Object.fromEntries([...row].map(([subject, rounds]) => [subject, { median: median(rounds), rounds }])),
    ]),
  )
  return JSON.stringify(
    { schema: 'hallpass.bench/1', ...about, metrics, marks: judge(results) },
    undefined,
    2,
  )
}

function figure(value: number): string {
  if (Number.isNaN(value)) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return value.toFixed(value >= 10 ? 1 : 2)
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
