import { bareEntry, noProxyEntries } from '../environment/child-environment.ts'
import type { Hallpass } from '../index.ts'
import { isLocalName } from '../rules/loopback.ts'
import type { Context } from './command.ts'

/**
 * `hallpass env` puts loopback into NO_PROXY unless the session knows a loopback host. Once the session learns one, the tools of a
 * shell that evaluated it before go around hallpass, without a word.
 */
export async function warnOfStaleShell({ env, flags, output }: Context, hallpass: Hallpass): Promise<void> {
  if (env.HALLPASS_SESSION !== flags.session || !env.HTTPS_PROXY) return
  const entry = noProxyEntries(env).find((text) => isLocalName(bareEntry(text)))
  if (entry === undefined || !(await hallpass.reach(flags.session)).loopback) return
  output.warn(`the tools of this shell go around hallpass on loopback: its NO_PROXY has ${entry}`)
  output.hint('eval "$(hallpass env)"')
}
