import type { TokenSet } from './token-response.ts'

/** A refresh, with a slow server and a retry or two, fits in. */
const refreshEarlyMs = 300_000
/** Where the life is so short that five minutes would be most of it: the rest of what is left after this part. */
const shortLifePart = 0.8
const shortLifeMs = 25 * 60_000

/** When a refresh of tokens is to start; undefined when nobody knows how long they live: then a 401 tells. */
export function dueAtOf({
  receivedAt,
  expiresAt,
}: Pick<TokenSet, 'receivedAt' | 'expiresAt'>): number | undefined {
  if (expiresAt === undefined) return undefined
  const lifeMs = expiresAt - receivedAt
  return lifeMs < shortLifeMs ? receivedAt + lifeMs * shortLifePart : expiresAt - refreshEarlyMs
}
