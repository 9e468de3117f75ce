import { createInterface } from 'node:readline'
import type { WindowReport } from '../../../browser/window/carry-session.ts'
import { KeptSites } from '../../../browser/window/kept-sites.ts'
import type { Attendance, Until } from '../../../browser/window/use-window.ts'
import type { WindowState } from '../../../browser/window/window-state.ts'
import { HallpassError } from '../../../errors.ts'
import type { Hallpass } from '../../../index.ts'
import { type Log, openLog } from '../../../log.ts'
import { parseRequestUrl } from '../../../plan/request-url.ts'
import { keysOf } from '../../../sessions/origin-storage.ts'
import { siteOperand } from '../../../sessions/place-operand.ts'
import { spokenTime } from '../../../spoken-time.ts'
import { type Context, Exit, type Input } from '../../command.ts'
import { counted } from '../../counted.ts'
import { liveLine } from '../../progress.ts'
import { warnOfStaleShell } from '../../warn-of-stale-shell.ts'
import { tellSkipped } from '../import/import-report.ts'

/** The common part of `login` and `open`: a window, its user, and the report. */
export interface WindowCommand {
  readonly context: Context
  readonly input: Input
  readonly page: Page
  /** Ends the window by itself; undefined: Enter or closing the window ends it. */
  readonly until: Until | undefined
  /** Printed when the window opens. */
  readonly opening: string
  readonly use: (
    hallpass: Hallpass,
    options: Attendance & { readonly url: string; readonly log: Log },
  ) => Promise<WindowReport>
}

/** @throws Exit 130 after Ctrl-C; cookies that came until then are kept */
export async function useWindow({ context, input, page, until, opening, use }: WindowCommand) {
  const { output } = context
  const { url, host } = page
  const keep = new KeptSites([host, ...(input.list('also') ?? []).map(siteOperand)])
  const hallpass = await context.open()
  await sessionFor(context, hallpass)
  const log = openLog({ folder: hallpass.home.log })
  const ending = listenForEnd(until === undefined)
  output.say(`${opening}, then close it${ending.byEnter ? ' (or press Enter here)' : ''}`)
  output.say(`waiting (keeping ${keep.sites.join(', ')} and the hosts below)`)
  const tell = liveLine(context)
  const what = awaited(until, ending.byEnter)
  try {
    const report = await use(hallpass, {
      url,
      keep,
      log,
      until: until ?? { kind: 'closed' },
      done: ending.done,
      givenUp: ending.givenUp,
      onProgress: (state) => tell(`${soFar(state)}; waiting for ${what}`),
    })
    tell('')
    await warnOfStaleShell(context, hallpass)
    return { report, host, origin: new URL(url).origin }
  } catch (error) {
    throw ending.givenUp.aborted ? new Exit(130) : error
  } finally {
    tell('')
    ending.unlisten()
    await log.close()
  }
}

/** A window for a session that does not exist: the user may have meant a new one. */
async function sessionFor({ confirm, flags }: Context, { sessions }: Hallpass): Promise<void> {
  try {
    await sessions.get(flags.session)
  } catch (error) {
    if (!(error instanceof HallpassError) || error.code !== 'session-missing') throw error
    if (!flags.input || !process.stdin.isTTY) {
      const hint = `hallpass session create ${flags.session}`
      throw new HallpassError(error.code, error.message, { hint, cause: error })
    }
    if (!(await confirm(`${error.message}. Create it?`))) throw new Exit(1)
    await sessions.create({ name: flags.session })
  }
}

/** The count so far, for the user who waits. */
function soFar({ cookies, pages }: WindowState): string {
  const keys = [...pages.values()].reduce((sum, { storage }) => sum + keysOf(storage), 0)
  return `${counted(cookies.length, 'cookie')} and ${counted(keys, 'key')} of web storage so far`
}

function awaited(until: Until | undefined, byEnter: boolean): string {
  if (until?.kind === 'url') return `the page ${until.text}`
  if (until?.kind === 'cookie') return `the cookie ${until.name}`
  return byEnter ? 'the window to be closed, or Enter here' : 'the window to be closed'
}

export interface Page {
  readonly url: string
  readonly host: string
}

/** @throws HallpassError `usage` */
export function pageOperand(operand = ''): Page {
  const url = /^https?:\/\//i.test(operand) ? operand : `https://${operand}`
  return { url, host: parseRequestUrl(url).host }
}

export function capturedIn({ cookies, storage }: WindowReport) {
  return { cookies: cookies.added + cookies.changed + cookies.unchanged, keys: storage.keys }
}

export function tellWindow({ output, flags }: Context, name: string, report: WindowReport): void {
  const { storage, ignored, sites, earliestExpiry, skipped } = report
  const captured = capturedIn(report)
  const { removed } = report.cookies
  if (output.json) {
    output.document(`${name}/1`, {
      session: flags.session,
      cookies: captured.cookies,
      removed,
      earliest_expiry: earliestExpiry === undefined ? null : new Date(earliestExpiry).toISOString(),
      storage: { origins: storage.origins, keys: storage.keys },
      sites,
      ignored,
      skipped: skipped.map(({ where, reason, what = 'cookie' }) => ({ where, reason, what })),
    })
    return
  }
  const expires =
    earliestExpiry === undefined ? '' : ` (the earliest expires ${spokenTime(earliestExpiry, Date.now())})`
  output.say(
    `captured ${counted(captured.cookies, 'cookie')}${expires}, ${counted(captured.keys, 'key')} of web storage`,
  )
  if (removed > 0) output.say(`removed ${counted(removed, 'cookie')} that the window removed`)
  tellSkipped(output, skipped)
  if (ignored.cookies > 0)
    output.say(`ignored ${counted(ignored.cookies, 'cookie')} of ${counted(ignored.sites, 'other site')}`)
}

interface Ending {
  readonly done: AbortSignal
  readonly givenUp: AbortSignal
  readonly byEnter: boolean
  unlisten(): void
}

/** A closed terminal sends SIGHUP. */
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Enter finishes; Ctrl-C gives up. */
function listenForEnd(enter: boolean): Ending {
  const done = new AbortController()
  const givenUp = new AbortController()
  const giveUp = () => givenUp.abort()
  for (const signal of endSignals) process.on(signal, giveUp)
  const byEnter = enter && process.stdin.isTTY === true
  const lines = byEnter ? createInterface({ input: process.stdin }) : undefined
  lines?.once('line', () => done.abort())
  return {
    done: done.signal,
    givenUp: givenUp.signal,
    byEnter,
    unlisten: () => {
      lines?.close()
      for (const signal of endSignals) process.off(signal, giveUp)
    },
  }
}
