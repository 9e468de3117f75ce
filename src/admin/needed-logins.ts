import type { Sessions } from '../sessions/sessions.ts'
import type { NeededLogin } from './wire.ts'

/** Credentials, of every session, that nothing but a login can mend. */
export async function neededLogins(sessions: Sessions): Promise<readonly NeededLogin[]> {
  const found = await Promise.all(
    (await sessions.list()).map(async ({ name: session }) => {
      const credentials = await (await sessions.get(session)).credentials()
      return credentials.flatMap(({ name, freshness }) => {
        const reason = freshness?.needsLogin
        return reason === undefined ? [] : [{ session, name, reason }]
      })
    }),
  )
  return found.flat()
}
