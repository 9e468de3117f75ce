import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { adminApp } from '../../src/admin/app.ts'
import { startService } from '../../src/admin/service.ts'
import { openHallpass } from '../../src/index.ts'
import { openLog } from '../../src/log.ts'
import { temporaryHome } from '../support/temporary-home.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every kind
  readonly body: any
}

/** A running proxy, whose admin app is asked in memory. */
export async function runningApi(
  config: Readonly<Record<string, unknown>> = {},
  spell?: (hint: string, session?: string) => string,
) {
  const home = temporaryHome()
  const env = { HOME: home.root, HALLPASS_NO_KEYRING: '1', HALLPASS_LISTEN: '127.0.0.1:0' }
  const hallpass = await openHallpass({ home: home.root, env, config })
  const log = openLog({ folder: join(home.root, 'log') })
  const service = await startService(hallpass, {
    log,
    version: '0.0.0',
    background: false,
    ...(spell && { spell }),
  })
  onTestFinished(() => service.close({ graceMs: 0 }))
  const app = adminApp(service.backend)
  const ask = async (method: string, path: string, json?: unknown, headers: Record<string, string> = {}) => {
    const response = await app.request(path, {
      method,
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(json !== undefined && { body: typeof json === 'string' ? json : JSON.stringify(json) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    } satisfies Answer
  }
  return { home, hallpass, service, app, ask, log }
}
