import { spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { dirname, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, HallpassError } from '../../../errors.ts'
import type { Secret } from '../../../secret.ts'
import type { Context } from '../../command.ts'
import type { BackgroundRequest, Report, Started, StartRequest } from './start-messages.ts'

/** A proxy is ready in half a second. After a minute something else is wrong. */
const readyWithinMs = 60_000

/**
 * In megabytes. Under load V8 would let the space for new objects grow to four times as much and keep it: half of the memory of a
 * proxy that was busy once, for a few percent of speed.
 */
const newObjects = '--max-semi-space-size=16'

/** Lets the new process use the compile cache of this one. */
function compileCache(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir()
  // Node makes a folder for each of its versions inside.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}

/** Starts a process that outlives this terminal, and resolves when its proxy answers. */
export async function startInBackground(context: Context, request: StartRequest): Promise<Started> {
  let typed: Secret | undefined
  // Opened here first: only this process has a terminal for the messages of the first use and for the passphrase.
  const hallpass = await context.open({
    config: request.config,
    typed: (passphrase) => {
      typed = passphrase
    },
  })
  // A source file beside a source file, a built file beside a built one.
  const entry = fileURLToPath(new URL(`./service-process${extname(import.meta.url)}`, import.meta.url))
  const child = spawn(process.execPath, [newObjects, ...process.execArgv, entry], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...context.env, ...compileCache() },
  })
  const { promise, resolve, reject } = Promise.withResolvers<Report>()
  child.once('message', (report: Report) => resolve(report))
  child.once('error', reject)
  child.once('exit', (code, signal) => {
    reject(
      new HallpassError('failed', `the proxy ended before it was ready (${signal ?? code})`, {
        hint: 'hallpass start',
      }),
    )
  })
  const tooLong = setTimeout(() => {
    child.kill('SIGKILL')
    reject(new HallpassError('failed', 'the proxy was not ready within a minute', { hint: 'hallpass start' }))
  }, readyWithinMs)
  const { config: configFile } = context.flags
  child.send({
    ...request,
    home: hallpass.home.root,
    ...(configFile === undefined ? {} : { configFile }),
    ...(typed === undefined ? {} : { passphrase: typed.reveal() }),
  } satisfies BackgroundRequest)
  try {
    const report = await promise
    if (report.kind === 'started') return report
    const { code, message, hint } = report
    throw new HallpassError(code as ErrorCode, message, hint === undefined ? {} : { hint })
  } finally {
    clearTimeout(tooLong)
    if (child.connected) child.disconnect()
    child.unref()
  }
}
