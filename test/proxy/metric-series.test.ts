import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { metricsResponse } from '../../src/admin/metrics.ts'
import { zeros } from '../../src/histogram.ts'
import { refreshResults } from '../../src/oauth/refresher.ts'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { SaveCounts } from '../../src/store/save-counts.ts'
import { httpOrigin } from '../support/origin.ts'
import { readMetrics } from '../support/prometheus-text.ts'
import { startTestProxy } from '../support/proxy.ts'
import { basic } from '../support/raw-client.ts'

const many = 1_000

test('a thousand hosts, cookies, paths, credentials and sessions make no new series', async () => {
  await using origin = await httpOrigin((asked, response) => {
    const [, n] = /(\d+)$/.exec(asked.url ?? '') ?? []
    response.setHeader('Set-Cookie', [`cookie${n}=1`, `other${n}=1; Path=/elsewhere${n}`])
    response.end('ok')
  })
  const numbers = Array.from({ length: many }, (_, n) => n)
  await using s = await startTestProxy({
    resolve: Object.fromEntries(numbers.map((n) => [`host${n}.test`, '127.0.0.1'])),
    rules: { capture: [parseHostPattern('*')] },
  })
  const agent = new Agent({ keepAlive: true })

  /** Makes a session, gets cookies, and comes back. */
  const visit = async (n: number) => {
    const { name, credentials } = await s.sessions.create({ name: `session${n}` })
    await credentials.set(`api${n}`, { kind: 'bearer', hosts: [`host${n}.test`] }, 'secret')
    const authorization = basic(name, (await s.clients.sessionToken(name)).reveal())
    const host = `host${n}.test:${origin.port}`
    for (let time = 0; time < 2; time++) {
      const asked = request({
        ...{ agent, hostname: '127.0.0.1', port: s.port, path: `http://${host}/path${n}` },
        headers: { host, 'proxy-authorization': authorization },
      })
      const [response] = await once(asked.end(), 'response')
      expect(await text(response)).toBe('ok')
    }
  }
  const scrape = async () => {
    const { proxy, sessions } = s
    const refreshes = zeros(refreshResults)
    const measured = {
      version: '1.2.3',
      proxy,
      refreshes,
      saves: new SaveCounts(),
      sessions: sessions.counts,
    }
    const names = (await sessions.list()).map(({ name }) => name)
    return (await metricsResponse({ ...measured, names })).text()
  }
  const seriesIn = (printed: string) =>
    readMetrics(printed).flatMap(({ series }) =>
      series.map(({ name, labels }) => JSON.stringify([name, labels])),
    )

  await visit(0)
  const before = seriesIn(await scrape())
  for (let from = 1; from < many; from += 25) await Promise.all(numbers.slice(from, from + 25).map(visit))
  const printed = await scrape()
  agent.destroy()

  expect(seriesIn(printed)).toEqual(before)
  expect(printed).toContain(`hallpass_requests_total{outcome="answered"} ${2 * many}\n`)
  expect(printed).toContain(`hallpass_captured_cookies_total ${4 * many}\n`)
  expect(printed).toContain(`hallpass_withheld_total{kind="cookie",reason="path"} ${many}\n`)
  expect(printed).toContain(`hallpass_withheld_total{kind="bearer",reason="plain_http"} ${2 * many}\n`)
  expect(printed).toContain(`hallpass_sessions{kind="named"} ${many + 1}\n`)
  expect(printed).not.toMatch(/(?:host|cookie|other|elsewhere|path|api|session)\d/)
})
