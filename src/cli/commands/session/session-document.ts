import type { SessionMetadata } from '../../../store/store.ts'

/** A session for `--json`. */
export function sessionDocument(session: SessionMetadata) {
  return {
    name: session.name,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt ?? null,
    expires_at: session.expiresAt ?? null,
  }
}
