import { existsSync } from 'node:fs'
import { Authority } from '../../../certs/authority.ts'
import type { Patient } from '../../../doctor/check.ts'
import { homeOf } from '../../../store/home.ts'
import type { Context } from '../../command.ts'
import { openKeys } from '../../open-keys.ts'

/** The installation in parts, so that a damaged part does not stop the checks of the others. */
export function patientOf(context: Context): Patient {
  const { env, flags, output } = context
  const home = homeOf(env)
  const keys = once(async () => {
    // The first use makes everything, as with any command, unless the configuration has an error.
    const { keys } = existsSync(home.root) ? await openKeys(context) : await context.open()
    return keys
  })
  const authority = once(async () => {
    const opened = await Authority.open(home, await keys(), { create: true })
    if (opened.created) output.say(`made ${home.caPem}, the certificate authority of this installation alone`)
    return opened
  })
  return { home, env, configFile: flags.config, now: Date.now(), keys, authority }
}

/** Keeps a failure too: after a wrong passphrase doctor does not ask again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
