import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Starts a desktop's session bus with an unlocked keyring. Returns the environment in which programs find it. */
export async function desktop(folder: string): Promise<NodeJS.ProcessEnv> {
  const runtime = join(folder, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CURRENT_DESKTOP: 'GNOME',
  }
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  endWithTest(bus)
  const [address] = (await once(bus.stdout, 'data')) as [Buffer]
  const withBus = { ...env, DBUS_SESSION_BUS_ADDRESS: address.toString().trim() }
  // It goes into the background when it is ready, and ends with its bus.
  const keyring = spawn('gnome-keyring-daemon', ['--components=secrets', '--unlock'], {
    env: withBus,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  keyring.stdin.end('password')
  await once(keyring, 'exit')
  return withBus
}

function endWithTest(child: ChildProcess): void {
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
}
