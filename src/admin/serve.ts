import { chmodSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { HallpassError } from '../errors.ts'
import type { Home } from '../store/home.ts'
import { withLock } from '../store/lock.ts'
import { replaceFile } from '../store/replace-file.ts'
import type { AdminBackend } from './app.ts'
import { AdminClient } from './client.ts'

const lastAnswersMs = 1_000

export interface AdminServer {
  /** Removes the socket and the pid file. */
  close(): Promise<void>
}

/**
 * Starts a proxy and serves its admin app on the socket of the state folder. A kernel lock lets one start at a time: otherwise two
 * starts could take each other's socket for the socket of a dead proxy.
 *
 * @throws HallpassError `already-running` with pid and port of the running proxy
 */
export async function serveAdmin<B extends AdminBackend>(
  home: Home,
  begin: () => Promise<B>,
): Promise<{ readonly backend: B; readonly server: AdminServer }> {
  return withLock(join(home.locks, 'start.lock'), async () => {
    await refuseSecond(home)
    const backend = await begin()
    const http = createServer(listenerFor(backend))
    // A killed proxy left it: under the lock, nobody listens on it.
    rmSync(home.adminSocket, { force: true })
    await listen(http, home.adminSocket)
    await replaceFile(home.pidFile, `${process.pid}\n`)
    const close = async () => {
      rmSync(home.pidFile, { force: true })
      const { promise, resolve } = Promise.withResolvers<void>()
      http.close(() => resolve())
      // The answer to the request to stop must still go out.
      http.closeIdleConnections()
      const cut = setTimeout(() => http.closeAllConnections(), lastAnswersMs)
      await promise
      clearTimeout(cut)
    }
    return { backend, server: { close } }
  })
}

/** The app is loaded with the first request, because loading it takes as long as a third of a start. */
function listenerFor(backend: AdminBackend): RequestListener {
  let loading: Promise<RequestListener> | undefined
  return (request, response) => {
    loading ??= loadListener(backend)
    loading.then(
      (listener) => listener(request, response),
      () => response.destroy(),
    )
  }
}

async function loadListener(backend: AdminBackend): Promise<RequestListener> {
  const { getRequestListener } = await import('@hono/node-server')
  const { adminApp } = await import('./app.ts')
  // By default the library would replace the global Request and Response of the process.
  return getRequestListener(adminApp(backend).fetch, { overrideGlobalObjects: false })
}

/** Fails if a proxy runs. A start also calls it first, before it makes anything. */
export async function refuseSecond(home: Home): Promise<void> {
  const client = new AdminClient(home)
  if (!(await client.answers())) return
  const { pid, host, port } = await client.status()
  throw new HallpassError('already-running', `a proxy is already running: pid ${pid}, on ${host}:${port}`, {
    hint: 'hallpass stop',
  })
}

async function listen(http: Server, socket: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  http.once('error', reject)
  http.listen(socket, () => resolve())
  await promise
  // The folder has mode 0700, so nobody else could reach the socket before this.
  chmodSync(socket, 0o600)
}
