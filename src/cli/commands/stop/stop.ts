import { setTimeout as sleep } from 'node:timers/promises'
import { AdminClient } from '../../../admin/client.ts'
import { isAlive } from '../../../admin/is-alive.ts'
import { HallpassError } from '../../../errors.ts'
import { homeOf } from '../../../store/home.ts'
import type { Run } from '../../command.ts'

/** A stopping proxy gives open requests some seconds and then cuts them. */
const goneWithinMs = 15_000

export const run: Run = async ({ env, output }) => {
  const home = homeOf(env)
  const admin = new AdminClient(home)
  const running = await admin.running()
  if (running === undefined) {
    if (output.json) output.document('stop/1', { pid: null, host: null, port: null, stopped: false })
    else output.say(`no proxy is running for ${home.root}: there is nothing to stop`)
    return
  }
  const { pid, host, port } = running
  await admin.stop()
  const deadline = Date.now() + goneWithinMs
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      throw new HallpassError('failed', `the proxy (pid ${pid}) has not ended`, { hint: `kill -KILL ${pid}` })
    }
    await sleep(20)
  }
  if (output.json) output.document('stop/1', { pid, host, port, stopped: true })
  else output.say(`stopped the proxy on ${host}:${port} (pid ${pid})`)
}
