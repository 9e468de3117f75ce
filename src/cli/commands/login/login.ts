import { createInterface } from 'node:readline'
import { findExecutable } from '../../../browser/window/find-executable.ts'
import { KeptSites } from '../../../browser/window/kept-sites.ts'
import { type LoginReport, login } from '../../../browser/window/login.ts'
import { canonicalHost } from '../../../cookies/site.ts'
import { HallpassError } from '../../../errors.ts'
import { openLog } from '../../../log.ts'
import { parseRequestUrl } from '../../../sessions/request-url.ts'
import { type Context, Exit, type Run } from '../../command.ts'
import { spokenTime } from '../../spoken-time.ts'
import { siteOperand } from '../cookie/cookie-text.ts'
import { tellSkipped } from '../import/import-report.ts'
import { counted } from '../session/counted.ts'
import { parseUntil } from './until.ts'

export const run: Run = async (context, input) => {
  const { output, env } = context
  const [operand = ''] = input.args
  const url = /^https?:\/\//i.test(operand) ? operand : `https://${operand}`
  const { host } = parseRequestUrl(url)
  const until = parseUntil(input.text('until'))
  const also = (input.list('also') ?? []).map(siteOperand)
  const keep = new KeptSites([canonicalHost(host), ...also])
  const executable = findExecutable(input.text('browser'), env)
  if (until === undefined && !process.stdin.isTTY) {
    output.detail('without a terminal the window ends it, or --until')
  }
  const hallpass = await context.open()
  const log = openLog({ folder: hallpass.home.log })
  const ending = listenForEnd(until === undefined)
  output.say(
    `opening a browser window: sign in, then close it${ending.byEnter ? ' (or press Enter here)' : ''}`,
  )
  output.say(`waiting (keeping ${keep.sites.join(', ')} and what is below)`)
  try {
    const report = await login(hallpass, {
      url,
      keep,
      executable,
      log,
      env,
      until: until ?? { kind: 'closed' },
      done: ending.done,
      onProgress: () => {},
    })
    if (ending.cancelled()) throw new Exit(130)
    tell(context, report, host)
    return report.failed === undefined ? 0 : 8
  } finally {
    ending.unlisten()
    await log.close()
  }
}

function tell({ output, flags }: Context, report: LoginReport, host: string): void {
  const { cookies, storage, ignored, sites, earliestExpiry } = report
  const captured = cookies.added + cookies.changed + cookies.unchanged
  if (output.json) {
    output.document('login/1', {
      session: flags.session,
      cookies: captured,
      storage: { origins: storage.origins, keys: storage.keys },
      sites,
      ignored,
      skipped: report.skipped,
    })
  }
  const expires =
    earliestExpiry === undefined ? '' : ` (the earliest expires ${spokenTime(earliestExpiry, Date.now())})`
  output.say(
    `captured ${counted(captured, 'cookie')}${expires}, ${counted(storage.keys, 'key')} of web storage`,
  )
  tellSkipped(output, report.skipped)
  if (ignored.cookies > 0)
    output.say(`ignored ${counted(ignored.cookies, 'cookie')} of ${counted(ignored.sites, 'other site')}`)
  if (captured + storage.keys === 0) {
    throw new HallpassError('login-failed', `${host} set nothing that could be kept`, {
      hint: `hallpass login ${host}`,
    })
  }
  output.hint(`hallpass run -- curl https://${host}/`)
}

interface Ending {
  readonly done: AbortSignal
  readonly byEnter: boolean
  cancelled(): boolean
  unlisten(): void
}

/** Enter ends well; Ctrl-C gives up, with nothing half-written. */
function listenForEnd(enter: boolean): Ending {
  const abort = new AbortController()
  let cancelled = false
  const onSignal = () => {
    cancelled = true
    abort.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const byEnter = enter && process.stdin.isTTY === true
  const lines = byEnter ? createInterface({ input: process.stdin }) : undefined
  lines?.once('line', () => abort.abort())
  return {
    done: abort.signal,
    byEnter,
    cancelled: () => cancelled,
    unlisten: () => {
      lines?.close()
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    },
  }
}
