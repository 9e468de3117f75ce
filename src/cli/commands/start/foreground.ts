import { closeSync, constants, openSync } from 'node:fs'
import { startService } from '../../../admin/service.ts'
import type { Spell } from '../../../documents/document.ts'
import { HallpassError } from '../../../errors.ts'
import type { Hallpass } from '../../../index.ts'
import { openLog } from '../../../log.ts'
import { packageVersion } from '../../package.ts'
import type { Started, StartRequest } from './start-messages.ts'

const endSignals = ['SIGINT', 'SIGTERM'] as const

/**
 * Serves until a signal or `hallpass stop`. A second signal ends the process without waiting for open requests. SIGHUP makes it read
 * its configuration file again, but ends it if the terminal has closed.
 */
export async function serveUntilStopped(
  hallpass: Hallpass,
  request: StartRequest,
  options: { readonly terminal: boolean; readonly background?: boolean; readonly spell: Spell },
  announce: (started: Started) => void,
): Promise<void> {
  const ending = listenForEnd(() => void hallpass.liveConfig.reload())
  const log = openLog({ folder: hallpass.home.log, terminal: options.terminal })
  const service = await startService(hallpass, {
    log,
    noAuth: request.noAuth,
    spell: options.spell,
    version: packageVersion(),
    background: options.background ?? false,
  }).catch(async (error: unknown) => {
    await log.close()
    throw error instanceof HallpassError && error.code === 'port-taken' ? elsewhere(error) : error
  })
  const { host, port, upstream } = service.proxy
  log.info('started', { host, port, session: request.session, noAuth: request.noAuth })
  announce({ pid: process.pid, host, port, upstream })
  await Promise.race([ending.asked, service.stopAsked])
  ending.unlisten()
  log.info('stopping')
  await service.close()
}

/** `env` and `run` find the proxy on any port. */
function elsewhere({ code, message, cause }: HallpassError): HallpassError {
  return new HallpassError(code, message, { hint: 'hallpass start --listen 127.0.0.1:0', cause })
}

/** Listens before anything is made that a signal must not leave behind, and before the pid is printed. */
function listenForEnd(reload: () => void): { readonly asked: Promise<void>; unlisten(): void } {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const listener = () => resolve()
  const hadTerminal = hasTerminal()
  const onHangup = () => (hadTerminal && !hasTerminal() ? listener() : reload())
  for (const signal of endSignals) process.on(signal, listener)
  process.on('SIGHUP', onHangup)
  return {
    asked,
    // Restores the default: a second Ctrl-C ends the process at once.
    unlisten: () => {
      for (const signal of endSignals) process.off(signal, listener)
      process.off('SIGHUP', onHangup)
    },
  }
}

/** Whether the process has a controlling terminal. The kernel takes it away when the terminal closes. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY))
    return true
  } catch {
    return false
  }
}
