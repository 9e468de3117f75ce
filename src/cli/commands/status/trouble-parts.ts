import { quotedWord } from '../../../quoted-word.ts'
import type { ReportSummary } from '../../../sessions/report.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { Part } from './part.ts'

/** More lines than these would hide the rest of the status. */
const maxTroubles = 5

/** The facts that tools rarely show: the proxy's own answers, and what it could not attach. */
export function troubleParts({ answers, notAttached }: ReportSummary): Part[] {
  const now = Date.now()
  const times = (count: number, at: string) =>
    `${count === 1 ? '' : `${count} times, last `}${spokenTime(Date.parse(at), now)}`
  return [
    ...notAttached.slice(-maxTroubles).map(({ session, name, url, reason, count, at }) => ({
      name: 'unsigned',
      fact: `${name} of the session "${session}" was not attached to ${new URL(url).host} (${times(count, at)}): ${reason}`,
      remedy: `hallpass explain ${quotedWord(url)}`,
      session,
    })),
    ...answers.slice(-maxTroubles).map(({ session, message, hint, count, at }) => ({
      name: 'answered',
      fact: `${message} (${times(count, at)})`,
      ...(hint !== null && { remedy: hint }),
      session,
    })),
  ]
}
