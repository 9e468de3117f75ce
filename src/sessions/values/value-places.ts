import type { SessionStorage } from '../session-storage.ts'
import { CommandValues } from './command-values.ts'
import type { RefreshedTokens } from './refreshed-tokens.ts'
import { TokenFiles } from './token-files.ts'
import type { ValuePlace } from './value-place.ts'
import { WebStorageTokens } from './web-storage-tokens.ts'

/** The one list of places beside the credential's own record. The first place that has the value of a credential counts. */
export function valuePlaces(
  storage: SessionStorage,
  refreshed: RefreshedTokens,
  now: () => number,
): readonly ValuePlace[] {
  return [new WebStorageTokens(storage), new TokenFiles(now), new CommandValues(now), refreshed]
}
