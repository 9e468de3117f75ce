export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly series: readonly Series[]
}

/** The text format of Prometheus, version 0.0.4, read more strictly than Prometheus does. Throws at the first flaw. */
export function readMetrics(text: string): readonly Family[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const blocks = text
    .trimEnd()
    .split('\n\n')
    .map((block) => block.split('\n'))
  const families = blocks.map(familyOf)
  const names = families.map(({ name }) => name)
  if (new Set(names).size < names.length) throw new Error('a metric is there twice')
  return families
}

/** The counters that have grown, and by how much: `{ 'hallpass_errors_total policy': 1 }`. */
export function growth(before: readonly Family[], after: readonly Family[]): Record<string, number> {
  const old = countersOf(before)
  const grown = [...countersOf(after)].map(([text, value]) => [text, value - (old.get(text) ?? 0)] as const)
  if (grown.some(([, by]) => by < 0)) throw new Error('a counter went back')
  return Object.fromEntries(grown.filter(([, by]) => by > 0))
}

function countersOf(families: readonly Family[]): Map<string, number> {
  const counters = families.flatMap(({ type, series }) => (type === 'counter' ? series : []))
  return new Map(
    counters.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value] as const),
  )
}

function familyOf([first = '', second = '', ...lines]: readonly string[]): Family {
  const [, name = '', help = ''] = /^# HELP ([a-z][a-z0-9_]*) (\S.*)$/.exec(first) ?? fail(first)
  const [, typed, type = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(second) ?? fail(second)
  if (typed !== name) fail(second)
  if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}`)
  const series = lines.map(seriesOf)
  const suffix = type === 'histogram' ? '_(?:bucket|sum|count)' : ''
  for (const each of series) if (!new RegExp(`^${name}${suffix}$`).test(each.name)) fail(each.name)
  if (new Set(series.map(keyOf)).size < series.length) throw new Error(`${name} has a series twice`)
  if (type === 'histogram') checkHistogram(name, series)
  return { name, help, type, series }
}

function seriesOf(line: string): Series {
  const [, name = '', block, number = ''] = /^([a-z][a-z0-9_]*)(?:\{(.+)\})? (\S+)$/.exec(line) ?? fail(line)
  const value = Number(number)
  if (!Number.isFinite(value) || value < 0) fail(line)
  const pair = /([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy
  const pairs = [...(block ?? '').matchAll(pair)]
  if (pairs.map(([all]) => all).join('') !== (block ?? '')) fail(line)
  return { name, labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])), value }
}

function checkHistogram(name: string, series: readonly Series[]): void {
  const buckets = series.filter((each) => each.name === `${name}_bucket`)
  const bounds = buckets.map(({ labels: { le = '' } }) =>
    le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
  )
  const ascends = (numbers: readonly number[]) =>
    numbers.every((each, index) => each >= (numbers[index - 1] ?? 0))
  if (!ascends(bounds) || !ascends(buckets.map(({ value }) => value)))
    throw new Error(`${name} does not ascend`)
  const last = buckets.at(-1)
  const count = series.find((each) => each.name === `${name}_count`)
  if (last?.labels.le !== '+Inf' || last.value !== count?.value) throw new Error(`${name} lacks values`)
  if (!series.some((each) => each.name === `${name}_sum`)) throw new Error(`${name} has no sum`)
}

function keyOf({ name, labels }: Omit<Series, 'value'>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${name}${JSON.stringify(sorted)}`
}

function fail(line: string): never {
  throw new Error(`not the text format: ${line}`)
}
