import type { SessionMetadata, Store } from '../store/store.ts'
import { clonedCredential } from './cloned-credential.ts'
import { SessionRecords } from './session-records.ts'

/** Copies cookies, web storage and credentials. What an import of the one session can undo is no business of the other. */
export async function copyRecords(store: Store, from: SessionMetadata, to: SessionMetadata): Promise<void> {
  const { z } = await import('zod')
  const source = new SessionRecords(store, from)
  const target = new SessionRecords(store, to)
  for (const kind of ['cookies', 'storage', 'credential'] as const) {
    for (const name of await source.names(from.name, kind)) {
      const record = await source.read({ kind, session: from.name, name })
      if (record === undefined) continue
      const value = kind === 'credential' ? clonedCredential(z, name, record.value) : record.value
      if (value !== undefined) await target.update({ kind, session: to.name, name }, () => value)
    }
  }
}
