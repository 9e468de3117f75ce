import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { metricTable } from '../src/admin/metric-table.ts'
import { metricsResponse } from '../src/admin/metrics.ts'
import { Histogram, zeros } from '../src/histogram.ts'
import { refreshResults } from '../src/oauth/refresher.ts'
import { withheldReasons } from '../src/plan/withheld-reason.ts'
import { Counts, outcomes } from '../src/proxy/counts.ts'
import { upstreamCauses } from '../src/proxy/upstream-cause.ts'
import { SessionCounts, sessionEnds } from '../src/sessions/session-counts.ts'
import { SaveCounts } from '../src/store/save-counts.ts'
import { type Family, readMetrics } from './support/prometheus-text.ts'

const read = (file: string) => readFileSync(join(import.meta.dirname, '../docs', file), 'utf8')
const document = read('metrics.md')

/** The numbers of a proxy that has just started. */
function measured() {
  const counts = new Counts()
  return {
    version: '1.2.3',
    proxy: {
      counts,
      stats: () => ({ startedAt: 0, connections: 0, requests: 0, tunnels: 0, open: 0, pooled: 0 }),
      clientBytes: () => ({ received: 0, sent: 0 }),
      lag: new Histogram([1]),
    },
    refreshes: zeros(refreshResults),
    saves: new SaveCounts(),
    sessions: new SessionCounts(),
    names: ['default', 'sess_1'],
  }
}

let printed: readonly Family[]
beforeAll(async () => {
  printed = readMetrics(await (await metricsResponse(measured())).text())
})

describe('docs/metrics.md', () => {
  it('lists every metric that the endpoint prints, with type, labels and help', () => {
    const rows = printed.map(({ name, type, help }) => {
      const metric = metricTable(measured()).find((each) => each.name === name)
      const labels = metric !== undefined && 'labels' in metric ? metric.labels : []
      return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`
    })
    expect(document.split('\n').filter((line) => line.startsWith('| `hallpass_'))).toEqual(rows)
  })

  it.each([
    ['outcome', outcomes],
    ['reason', withheldReasons],
    ['cause', upstreamCauses],
    ['result', refreshResults],
    ['how', sessionEnds],
  ])('lists the values of the label %s', (label, values) => {
    const listed = [...document.matchAll(new RegExp(`^\\| \`${label}\` \\| \`([\\w-]+)\``, 'gm'))]
    expect(listed.map(([, value]) => value)).toEqual(values)
  })
})

it('a metric without a series yet is printed without one', () => {
  expect(printed.find(({ name }) => name === 'hallpass_withheld_total')?.series).toEqual([])
})

it('temporary sessions are counted apart', () => {
  expect(printed.find(({ name }) => name === 'hallpass_sessions')?.series).toMatchObject([
    { labels: { kind: 'named' }, value: 1 },
    { labels: { kind: 'temporary' }, value: 1 },
  ])
})

interface Panel {
  readonly type: string
  readonly title: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

describe('docs/grafana.json', () => {
  const { panels } = JSON.parse(read('grafana.json')) as { readonly panels: readonly Panel[] }
  const targets = panels.flatMap(({ targets = [] }) => targets)
  const expressions = targets.map(({ expr }) => expr)

  it('shows every metric', () => {
    const shown = new Set(expressions.flatMap(metricsIn))
    expect(printed.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([])
  })

  it.each(targets)('asks only for metrics and labels that exist: $expr', ({ expr, legendFormat }) => {
    expect(flawsOf(expr)).toEqual([])
    const labels = labelsOf(metricsIn(expr))
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(labels).toContain(label)
  })
})

it('the alerts of docs/metrics.md ask only for metrics and labels that exist', () => {
  const alerts = document.split('\n').filter((line) => / > [\d.]+$/.test(line))
  expect(alerts).toHaveLength(3)
  expect(alerts.flatMap(flawsOf)).toEqual([])
})

it.each([
  ['sum(rate(hallpass_request_total[5m]))', ['hallpass_request_total']],
  ['sum by (host) (rate(hallpass_requests_total[5m]))', ['host']],
  ['rate(hallpass_requests_total{session="x"}[5m])', ['session']],
  ['rate(hallpass_request_duration_seconds[5m])', ['hallpass_request_duration_seconds']],
  ['sum(rate(hallpass_requests_total[5m])', ['brackets']],
])('the check of expressions finds the flaw of %s', (expr, flaws) => {
  expect(flawsOf(expr)).toEqual(flaws)
})

/** The families that an expression names; an unknown name stays as it is. */
function metricsIn(expr: string): readonly string[] {
  return [...expr.matchAll(/\bhallpass_\w+/g)].map(([name]) => {
    const family = name.replace(/_(?:bucket|sum|count)$/, '')
    const isHistogram = (text: string) =>
      printed.some((each) => each.name === text && each.type === 'histogram')
    if (isHistogram(name)) return `${name} without a suffix`
    return isHistogram(family) ? family : name
  })
}

function labelsOf(metrics: readonly string[]): readonly string[] {
  const own = metricTable(measured()).flatMap((each) =>
    metrics.includes(each.name) && 'labels' in each ? each.labels : [],
  )
  return [...own, 'le', 'instance']
}

function flawsOf(expr: string): readonly string[] {
  const metrics = metricsIn(expr)
  const names = printed.map(({ name }) => name)
  const unknown = metrics.filter((name) => !names.includes(name))
  const asked = [
    ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, ?/)),
    ...[...expr.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label),
  ]
  const labels = labelsOf(metrics)
  const open = [...expr].filter((each) => '([{'.includes(each)).length
  const shut = [...expr].filter((each) => ')]}'.includes(each)).length
  return [
    ...unknown.map((name) => name.replace(' without a suffix', '')),
    ...(unknown.length > 0 ? [] : asked.filter((label) => !labels.includes(label))),
    ...(open === shut ? [] : ['brackets']),
  ]
}
