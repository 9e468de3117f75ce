import { createServer } from 'node:net'
import { AdminClient } from '../admin/client.ts'
import { loadConfig } from '../config/load-config.ts'
import { portInUse } from '../net/port-in-use.ts'
import { type Check, good, note } from './check.ts'

export const port: Check = {
  name: 'port',
  async examine({ home, env, configFile }) {
    const running = await new AdminClient(home).running()
    if (running) return [good(`our proxy (pid ${running.pid}) listens on ${running.host}:${running.port}`)]
    const { listen } = await loadConfig({ home: home.root, env, file: configFile })
    const problem = await tryListening(listen.host, listen.port)
    if (problem === undefined) return [good(`${listen.host}:${listen.port} is free`)]
    // `run` takes a free port, so this stops `start` alone.
    return [note(`${problem}; "run" does not need it`, 'hallpass start --listen 127.0.0.1:0')]
  },
}

/** Resolves to the reason when it fails. */
async function tryListening(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.once('error', (error: NodeJS.ErrnoException) => {
    const address = `${host}:${port}`
    resolve(error.code === 'EADDRINUSE' ? portInUse(address, error) : `${address}: ${error.message}`)
  })
  server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  return promise
}
