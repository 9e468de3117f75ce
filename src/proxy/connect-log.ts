import type { Client, Engine } from './engine.ts'

/** Writes the log entry of a CONNECT whose requests the proxy never sees: refused, or passed on as bytes. */
export function connectLog(engine: Engine, client: Client) {
  const startedAt = performance.now()
  return (endpoint: string, status: number, note: string) =>
    engine.log.request({
      session: client.session.name,
      method: 'CONNECT',
      host: endpoint,
      path: '',
      status,
      ms: Math.round(performance.now() - startedAt),
      attached: [],
      captured: [],
      note,
    })
}
