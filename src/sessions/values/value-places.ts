import type { SessionStorage } from '../session-storage.ts'
import { CommandValues } from './command-values.ts'
import { EnvironmentValues } from './environment-values.ts'
import { FileValues } from './file-values.ts'
import type { RefreshedTokens } from './refreshed-tokens.ts'
import type { ValuePlace } from './value-place.ts'
import { WebStorageTokens } from './web-storage-tokens.ts'

/** The one list of places beside the credential's own record. The first place that has the value of a credential counts. */
export function valuePlaces(
  storage: SessionStorage,
  refreshed: RefreshedTokens,
  { now, env }: { readonly now: () => number; readonly env: NodeJS.ProcessEnv },
): readonly ValuePlace[] {
  return [
    new WebStorageTokens(storage),
    new FileValues(now),
    new EnvironmentValues(env, now()),
    new CommandValues(now),
    refreshed,
  ]
}
