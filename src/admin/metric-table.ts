import type { Histogram } from '../histogram.ts'
import type { Refresher } from '../oauth/refresher.ts'
import type { RunningProxy } from '../proxy/options.ts'
import type { SessionCounts } from '../sessions/session-counts.ts'
import type { SaveCounts } from '../store/save-counts.ts'
import { temporaryPrefix } from '../store/store.ts'

/** The numbers behind the metrics, at the moment of a scrape. */
export interface Measured {
  readonly version: string
  readonly proxy: Pick<RunningProxy, 'counts' | 'stats' | 'clientBytes' | 'lag'>
  readonly refreshes: Refresher['counts']
  readonly saves: SaveCounts
  readonly sessions: SessionCounts
  /** The names of all sessions. */
  readonly names: readonly string[]
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type Metric = { readonly name: string; readonly help: string } & (
  | {
      readonly type: 'counter' | 'gauge'
      readonly labels: readonly string[]
      readonly samples: readonly Sample[]
    }
  | { readonly type: 'histogram'; readonly values: Histogram }
)

/**
 * Every metric. docs/metrics.md has the same table. A label takes its values from a closed list: no host, cookie, path or name of
 * a session, because each value makes a series that Prometheus keeps.
 */
export function metricTable(measured: Measured): readonly Metric[] {
  return [
    ...ofProcess(measured),
    ...ofConnections(measured),
    ...ofRequests(measured),
    ...ofSessions(measured),
  ]
}

/** Not by the usual names, `process_…`: the textfile collector of node_exporter refuses metrics that node_exporter has of itself. */
function ofProcess({ version, proxy }: Measured): Metric[] {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return [
    gauge('hallpass_build_info', 'Always 1. The labels are the versions of hallpass and of Node.', [
      { labels: { version, node: process.versions.node }, value: 1 },
    ]),
    gauge(
      'hallpass_start_time_seconds',
      'When the proxy started, in seconds since 1970.',
      one(proxy.counts.startedAt / 1000),
    ),
    counter('hallpass_cpu_seconds_total', 'CPU time of the process.', one((user + system) / 1e6)),
    gauge('hallpass_resident_memory_bytes', 'Memory of the process.', one(rss)),
    gauge('hallpass_heap_used_bytes', 'The part of that memory that JavaScript uses.', one(heapUsed)),
    histogram(
      'hallpass_event_loop_lag_seconds',
      'How late a timer came that is due each second. The proxy serves nobody while it is late.',
      proxy.lag,
    ),
  ]
}

function ofConnections({ proxy }: Measured): Metric[] {
  const { counts } = proxy
  const { open, pooled } = proxy.stats()
  const { received, sent } = proxy.clientBytes()
  const { passing } = counts
  return [
    counter('hallpass_connections_total', 'Connections of clients.', one(counts.connections)),
    counter(
      'hallpass_dropped_connections_total',
      'Connections that the proxy turned away, because too many were open.',
      one(counts.dropped),
    ),
    gauge('hallpass_open_connections', 'Connections of clients that are open now.', one(open)),
    gauge('hallpass_origin_connections', 'Connections to origins, idle or in use.', one(pooled)),
    counter(
      'hallpass_client_bytes_total',
      'Bytes from and to clients, tunnels too, as they were on the wire.',
      by('direction', { received, sent }),
    ),
    counter(
      'hallpass_tunnels_total',
      'Connections that passed as bytes: to unknown hosts, and WebSockets.',
      one(counts.tunnels),
    ),
    gauge('hallpass_open_tunnels', 'Tunnels that are open now.', one(passing.open)),
    counter(
      'hallpass_tunnel_bytes_total',
      'Bytes in tunnels.',
      by('direction', { to_origin: passing.toOrigin, to_client: passing.toClient }),
    ),
  ]
}

function ofRequests({ proxy: { counts } }: Measured): Metric[] {
  return [
    counter(
      'hallpass_requests_total',
      'Requests that hallpass read, by the end that they came to.',
      by('outcome', counts.outcomes),
    ),
    histogram(
      'hallpass_request_duration_seconds',
      'From the head of a request to the end of its answer.',
      counts.seconds,
    ),
    counter(
      'hallpass_responses_total',
      'Answers of origins, by the class of their status.',
      by('status', counts.statuses),
    ),
    counter('hallpass_attached_total', 'Cookies and credentials on requests.', by('kind', counts.attached)),
    counter(
      'hallpass_withheld_total',
      'Cookies and credentials of the site that stayed off a request.',
      [...counts.withheld].map(({ kind, reason, count }) => ({ labels: { kind, reason }, value: count })),
      ['kind', 'reason'],
    ),
    counter(
      'hallpass_captured_cookies_total',
      'Cookies that the sessions took from answers.',
      one(counts.captured),
    ),
    counter(
      'hallpass_replayed_requests_total',
      'Requests that were sent again with a newer token, after a 401.',
      one(counts.replayed),
    ),
    counter('hallpass_errors_total', 'Answers of hallpass itself, by error code.', by('code', counts.errors)),
    counter(
      'hallpass_upstream_errors_total',
      'Requests to which the origin gave no whole answer.',
      by('cause', counts.upstreamErrors),
    ),
  ]
}

function ofSessions({ refreshes, saves, sessions, names }: Measured): Metric[] {
  const temporary = names.filter((name) => name.startsWith(temporaryPrefix)).length
  return [
    gauge(
      'hallpass_sessions',
      'Sessions in the store.',
      by('kind', { named: names.length - temporary, temporary }),
    ),
    counter('hallpass_sessions_created_total', 'Sessions that the proxy made.', one(sessions.created)),
    counter('hallpass_sessions_ended_total', 'Sessions that the proxy ended.', by('how', sessions.ended)),
    histogram('hallpass_session_lifetime_seconds', 'How long the ended sessions existed.', sessions.seconds),
    counter('hallpass_refreshes_total', 'Attempts to refresh an OAuth 2.0 token.', by('result', refreshes)),
    counter('hallpass_saves_total', 'Writes of sealed records.', [
      ...by('record', saves.saved, { result: 'saved' }),
      ...by('record', saves.failed, { result: 'failed' }),
    ]),
    histogram('hallpass_save_duration_seconds', 'How long the disk took for a write.', saves.seconds),
  ]
}

/** @param labels must be given if there may be no sample yet */
function counter(
  name: string,
  help: string,
  samples: readonly Sample[],
  labels: readonly string[] = labelsOf(samples),
): Metric {
  return { name, help, type: 'counter', labels, samples }
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', labels: labelsOf(samples), samples }
}

function histogram(name: string, help: string, values: Histogram): Metric {
  return { name, help, type: 'histogram', values }
}

function labelsOf([first]: readonly Sample[]): readonly string[] {
  return Object.keys(first?.labels ?? {})
}

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }]
}

/** A sample for each label. */
function by(label: string, values: Readonly<Record<string, number>>, more: Sample['labels'] = {}): Sample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key, ...more }, value }))
}
