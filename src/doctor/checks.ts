import { authority } from './authority.ts'
import type { Check } from './check.ts'
import { clock } from './clock.ts'
import { configuration } from './configuration.ts'
import { detours } from './detours.ts'
import { key } from './key.ts'
import { modes } from './modes.ts'
import { nodeVersion } from './node-version.ts'
import { port } from './port.ts'
import { records } from './records.ts'
import { staleFiles } from './stale-files.ts'
import { curlTrip } from './trip-curl.ts'
import { gitTrip } from './trip-git.ts'
import { nodeTrip } from './trip-node.ts'
import { pythonTrip } from './trip-python.ts'
import { wgetTrip } from './trip-wget.ts'
import { unhelped } from './unhelped.ts'
import { upstreamProxy } from './upstream-proxy.ts'

/** Every check; causes come before their effects. */
export const checks: readonly Check[] = [
  nodeVersion,
  configuration,
  modes,
  key,
  records,
  authority,
  clock,
  port,
  upstreamProxy,
  detours,
  staleFiles,
  curlTrip,
  nodeTrip,
  gitTrip,
  pythonTrip,
  wgetTrip,
  unhelped,
]
