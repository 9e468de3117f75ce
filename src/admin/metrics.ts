import type { Metric as PromMetric } from 'prom-client'
import type { Histogram } from '../histogram.ts'
import { type Measured, metricTable } from './metric-table.ts'

/** The answer to `GET /metrics`, in the text format of Prometheus. */
export async function metricsResponse(measured: Measured): Promise<Response> {
  // A start must not wait for it.
  const { Counter, Gauge, Registry } = await import('prom-client')
  const kinds = { counter: Counter, gauge: Gauge }
  const registry = new Registry()
  for (const metric of metricTable(measured)) {
    const { name, help, type } = metric
    if (type === 'histogram') {
      registry.registerMetric(printed(name, help, metric.values))
      continue
    }
    const made = new kinds[type]({ name, help, labelNames: metric.labels, registers: [registry] })
    for (const { labels, value } of metric.samples) made.inc(labels, value)
  }
  return new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } })
}

/** The histogram of prom-client takes one value at a time, and ours has them counted. The registry prints whatever `get` returns. */
function printed(name: string, help: string, { bounds, counts, sum }: Histogram): PromMetric {
  let count = 0
  const buckets = counts.map((each, index) => {
    count += each
    return { metricName: `${name}_bucket`, labels: { le: bounds[index] ?? '+Inf' }, value: count }
  })
  const values = [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ]
  return { name, get: async () => ({ name, help, type: 'histogram', values }) } as unknown as PromMetric
}
