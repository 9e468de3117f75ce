import { type SessionCounts, sessionsDocument } from '../../../documents/session-documents.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { SessionMetadata } from '../../../store/store.ts'
import type { Run } from '../../command.ts'
import { counted } from '../../counted.ts'

export const run: Run = async (context) => {
  const { output } = context
  const { sessions, store, config } = await context.open()
  const listed = await sessions.listWithDamaged()
  // Counted by names, without opening: a damaged record must not make the list fail.
  const rows = await Promise.all(
    listed.sessions.map(async (metadata) => ({
      ...metadata,
      sites: (await store.names(metadata.name, 'cookies')).length,
      credentials: (await store.names(metadata.name, 'credential')).length,
    })),
  )
  const count = rows.length + listed.damaged.length
  if (count > config.maxSessions) {
    const temporary = 'the next session create removes the least recently used temporary ones'
    output.warn(`there are ${count} sessions, and maxSessions is ${config.maxSessions}: ${temporary}`)
  }
  if (output.json) {
    output.print(sessionsDocument(rows, listed.damaged))
  } else {
    output.table([...rows.map(shownAt(Date.now())), ...listed.damaged.map(({ name }) => [name, 'damaged'])])
  }
  for (const { name, problem } of listed.damaged) {
    output.warn(problem)
    output.hint(`hallpass session rm ${name}`)
  }
  return listed.damaged.length > 0 ? 8 : undefined
}

function shownAt(now: number) {
  const when = (time: string) => spokenTime(Date.parse(time), now)
  return ({
    name,
    createdAt,
    lastUsedAt,
    expiresAt,
    sites,
    credentials,
  }: SessionMetadata & SessionCounts) => [
    name,
    counted(sites, 'site'),
    counted(credentials, 'credential'),
    `made ${when(createdAt)}`,
    lastUsedAt === undefined ? 'never used' : `used ${when(lastUsedAt)}`,
    expiresAt === undefined ? 'no expiry' : `expires ${when(expiresAt)}`,
  ]
}
