/*
 * A process that a test starts: `node worker.ts <home>`. It prints its first line when it has opened the state folder. Then it
 * takes one job a line, and answers each job with a line.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { flushCompileCache } from 'node:module'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HallpassProxy, openHallpass } from '../../src/index.ts'
import type { Jobs } from './worker-jobs.ts'

// console.log could lose the line in a kill.
const say = (line: unknown) => void writeSync(1, `${JSON.stringify(line ?? null)}\n`)

const home = process.argv[2] ?? ''
const hallpass = await openHallpass({ home, env: { ...process.env, HALLPASS_NO_KEYRING: '1' } })
const session = await hallpass.session()
let proxy: Promise<HallpassProxy> | undefined
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

async function through(url: string): Promise<number> {
  proxy ??= hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 } })
  const { port, username, password } = new URL(await (await proxy).url())
  const credentials = Buffer.from(`${username}:${password}`).toString('base64')
  const headers = { host: new URL(url).host, 'proxy-authorization': `Basic ${credentials}` }
  const sent = request({ host: '127.0.0.1', port, path: url, headers, agent })
  sent.end()
  const [response] = await once(sent, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

const jobs: Jobs = {
  async requests({ url, count, everyMs }) {
    const statuses: Record<string, number> = {}
    const note = (status: number | string) => {
      statuses[status] = (statuses[status] ?? 0) + 1
    }
    const sent: Promise<void>[] = []
    for (let n = 0; n < count; n++) {
      sent.push(through(url).then(note, (error) => note(error.message)))
      if (everyMs > 0) await sleep(everyMs)
    }
    await Promise.all(sent)
    return statuses
  },

  async use({ url }) {
    const headers = await hallpass.authHeaders(url)
    const response = await fetch(url, { headers })
    await response.arrayBuffer()
    return response.status
  },

  async refresh({ name }) {
    return await session.tokens.refresh(name, { because: 'asked' })
  },

  async end() {
    await (await proxy)?.close({ graceMs: 0 })
    process.exit(0)
  },
}

// The next workers need not compile.
flushCompileCache()
say('ready')
for await (const line of createInterface(process.stdin)) {
  const { job, input } = JSON.parse(line)
  await jobs[job as keyof Jobs](input).then(
    (answer) => say({ answer }),
    (error) => say({ error: error.code ?? error.message }),
  )
}
await (await proxy)?.close({ graceMs: 0 })
