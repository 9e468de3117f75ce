import { bareEntry, noProxyEntries } from '../environment/child-environment.ts'
import { ownClient } from '../environment/own-client.ts'
import type { Hallpass } from '../index.ts'
import { isLocalName } from '../rules/loopback.ts'
import type { Context } from './command.ts'

/**
 * `hallpass env` and `run` put loopback into NO_PROXY unless the session knows a loopback host. Once the session learns one, the tools
 * of a shell or command that began before go around hallpass, without a word.
 */
export async function warnOfStaleShell({ env, flags, output }: Context, hallpass: Hallpass): Promise<void> {
  const client = ownClient(env)
  if (client?.session !== flags.session) return
  const entry = noProxyEntries(env).find((text) => isLocalName(bareEntry(text)))
  if (entry === undefined || !(await hallpass.reach(flags.session)).loopback) return
  if (client.child) {
    output.warn(`on loopback the tools here go around hallpass until the next run: NO_PROXY has ${entry}`)
  } else {
    output.warn(`the tools of this shell go around hallpass on loopback: its NO_PROXY has ${entry}`)
    output.hint('eval "$(hallpass env)"')
  }
}
