import type { TokenSet } from './token-response.ts'

/** Enough time for a refresh with a slow server and a retry or two. */
const refreshEarlyMs = 300_000
/** A token that lives less than 25 minutes is refreshed after this part of its life. */
const shortLifePart = 0.8
const shortLifeMs = 25 * 60_000

/** When a refresh of tokens starts; undefined when their life is unknown: then a 401 shows it. */
export function dueAtOf({
  receivedAt,
  expiresAt,
}: Pick<TokenSet, 'receivedAt' | 'expiresAt'>): number | undefined {
  if (expiresAt === undefined) return undefined
  const lifeMs = expiresAt - receivedAt
  return lifeMs < shortLifeMs ? receivedAt + lifeMs * shortLifePart : expiresAt - refreshEarlyMs
}
