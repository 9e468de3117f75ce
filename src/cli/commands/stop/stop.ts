import { setTimeout as sleep } from 'node:timers/promises'
import { AdminClient } from '../../../admin/client.ts'
import { isAlive } from '../../../admin/is-alive.ts'
import { HallpassError } from '../../../errors.ts'
import { homeOf } from '../../../store/home.ts'
import type { Run } from '../../command.ts'

/** A proxy lets what is under way end, within seconds, and then cuts. */
const goneWithinMs = 15_000

export const run: Run = async ({ env, output }) => {
  const admin = new AdminClient(homeOf(env))
  const { pid, host, port } = await admin.status()
  await admin.stop()
  const deadline = Date.now() + goneWithinMs
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      throw new HallpassError('failed', `the proxy (pid ${pid}) does not end`, { hint: `kill -KILL ${pid}` })
    }
    await sleep(20)
  }
  if (output.json) output.document('stop/1', { pid, host, port, stopped: true })
  else output.say(`stopped the proxy on ${host}:${port} (pid ${pid})`)
}
