import { sessionsDocument } from '../../../documents/session-documents.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { Run } from '../../command.ts'
import { counted } from '../../counted.ts'

export const run: Run = async (context) => {
  const { output } = context
  const { sessions, store, config } = await context.open()
  // Counted by names, without opening: a damaged record must not make the list fail.
  const rows = await Promise.all(
    (await sessions.list()).map(async (metadata) => ({
      ...metadata,
      sites: (await store.names(metadata.name, 'cookies')).length,
      credentials: (await store.names(metadata.name, 'credential')).length,
    })),
  )
  if (rows.length > config.maxSessions) {
    const temporary = 'the next session create removes the least recently used temporary ones'
    output.warn(`there are ${rows.length} sessions, and maxSessions is ${config.maxSessions}: ${temporary}`)
  }
  if (output.json) {
    output.print(sessionsDocument(rows))
    return
  }
  const now = Date.now()
  const when = (time: string) => spokenTime(Date.parse(time), now)
  output.table(
    rows.map(({ name, createdAt, lastUsedAt, expiresAt, sites, credentials }) => [
      name,
      counted(sites, 'site'),
      counted(credentials, 'credential'),
      `made ${when(createdAt)}`,
      lastUsedAt === undefined ? 'never used' : `used ${when(lastUsedAt)}`,
      expiresAt === undefined ? 'no expiry' : `expires ${when(expiresAt)}`,
    ]),
  )
}
