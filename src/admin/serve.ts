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
  /** Takes the socket and the pid file away. */
  close(): Promise<void>
}

/**
 * Brings a proxy up and serves its admin app on the socket of the state folder: one at a time, which a kernel lock decides,
 * so that neither of two that start together takes the other's socket for a dead one's.
 *
 * @throws HallpassError `already-running` with pid and port of the one that runs.
 */
export async function serveAdmin<B extends AdminBackend>(
  home: Home,
  begin: () => Promise<B>,
): Promise<{ readonly backend: B; readonly server: AdminServer }> {
  return withLock(join(home.locks, 'start.lock'), async () => {
    await refuseSecond(home)
    const backend = await begin()
    const http = createServer(listenerFor(backend))
    // Nobody listens on it, as was just seen under the lock: a killed proxy left it.
    rmSync(home.adminSocket, { force: true })
    await listen(http, home.adminSocket)
    await replaceFile(home.pidFile, `${process.pid}\n`)
    const close = async () => {
      rmSync(home.pidFile, { force: true })
      const { promise, resolve } = Promise.withResolvers<void>()
      http.close(() => resolve())
      // The answer to the request to stop is still to go out.
      http.closeIdleConnections()
      const cut = setTimeout(() => http.closeAllConnections(), lastAnswersMs)
      await promise
      clearTimeout(cut)
    }
    return { backend, server: { close } }
  })
}

/** The app is loaded with the first request to it: that takes as long as a third of a start. */
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
  // The library would replace the global Request and Response of the whole process.
  return getRequestListener(adminApp(backend).fetch, { overrideGlobalObjects: false })
}

/** Also what a second start says, before it makes anything. */
export async function refuseSecond(home: Home): Promise<void> {
  const client = new AdminClient(home)
  if (!(await client.answers())) return
  const { pid, host, port } = await client.status()
  throw new HallpassError('already-running', `a proxy runs already: pid ${pid}, on ${host}:${port}`, {
    hint: 'hallpass stop',
  })
}

async function listen(http: Server, socket: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  http.once('error', reject)
  http.listen(socket, () => resolve())
  await promise
  // The folder, 0700, has kept others out since before the socket was there.
  chmodSync(socket, 0o600)
}
