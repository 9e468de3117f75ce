/** The marks are ratios within one run. Absolute figures say more about the machine than about the proxy. */
export interface Mark {
  readonly metric: string
  /** Absent if the metric is a ratio itself. */
  readonly against?: string
  readonly least?: number
  readonly most?: number
}

export const marks: readonly Mark[] = [
  { metric: 'CPU µs/request at 64', against: 'tunnel', most: 2.2 },
  { metric: 'requests/s at 64', against: 'http-mitm-proxy', least: 4 },
  { metric: 'requests/s at 64', against: 'squid', least: 1.5 },
  { metric: 'p50 µs at 1', against: 'tunnel', most: 1.5 },
  { metric: 'p99 µs at 1', against: 'tunnel', most: 4 },
  // A refreshed token costs no more than a static one. The rest is noise.
  { metric: 'CPU of a refreshed token ÷ static bearer', most: 1.1 },
  { metric: 'download CPU ms/MB', against: 'tunnel', most: 2 },
  { metric: 'new connections/s', against: 'http-mitm-proxy', least: 2.5 },
  { metric: "never-seen host's first byte, ms", against: 'tunnel', most: 2.5 },
  { metric: 'worst wait while 50 hosts are minted, ms', against: 'tunnel', most: 3 },
  { metric: 'RSS after load, MB', against: 'tunnel', most: 1.6 },
  { metric: 'ready, ms', against: 'tunnel', most: 3 },
]
