import type { ImportAsked } from '../../../documents/import-document.ts'
import { messageOf } from '../../../errors.ts'
import type { Skipped } from '../../../formats/format.ts'
import { printable } from '../../../log/printable.ts'
import type { ImportReport } from '../../../sessions/import-contents.ts'
import { counted } from '../../counted.ts'
import type { Output } from '../../output.ts'

/** How many places are listed for a reason; --json has them all. */
const maxPlaces = 5
const maxReasons = 20
/** As many as fit a screen. */
const maxRemoved = 20

export function importedOf({ cookies, storage, credentials }: ImportReport): number {
  return cookies.added + cookies.changed + cookies.unchanged + storage.keys + credentials.names.length
}

/** Why nothing was imported; undefined if something was, or if the file was empty. */
export function nothingOf(report: ImportReport, sites: readonly string[]): string | undefined {
  const elsewhere = report.cookies.elsewhere + report.storage.elsewhere
  if (importedOf(report) > 0 || report.skipped.length + elsewhere === 0 || report.failed !== undefined)
    return undefined
  const reasons = byReason(report.skipped).map(([reason, places]) => `${places.length} ${reason}`)
  if (elsewhere > 0) reasons.push(`${elsewhere} not of ${sites.join(', ')}`)
  return reasons.slice(0, maxReasons).map(printable).join('; ')
}

export function tellImport(
  output: Output,
  report: ImportReport,
  asked: ImportAsked & { readonly file: string },
): void {
  const { cookies, storage, credentials, sites, failed } = report
  const came = cookies.added + cookies.changed + cookies.unchanged
  const would = asked.dryRun ? 'would import' : 'imported'
  output.say(`read ${counted(cookies.read, 'cookie')} from ${asked.file} (${asked.format})`)
  if (cookies.read === 0 && asked.format === 'har') {
    output.say('browsers write cookies into a HAR only if you choose "with sensitive data"')
  }
  if (failed === undefined) {
    const of = sites.length === 0 ? '' : ` of ${counted(sites.length, 'site')}`
    const parts = `${cookies.added} new, ${cookies.changed} changed, ${cookies.unchanged} as they were`
    if (came > 0)
      output.say(`${would} ${counted(came, 'cookie')}${of} into the session ${asked.session}: ${parts}`)
    if (storage.keys > 0) {
      output.say(
        `${would} ${counted(storage.keys, 'key')} of web storage of ${counted(storage.origins, 'origin')}`,
      )
    }
    if (credentials.names.length > 0) {
      output.say(
        `${would} ${counted(credentials.names.length, 'credential')}: ${credentials.names.join(', ')}`,
      )
      if (credentials.replaced.length > 0)
        output.warn(`they replace credentials of the session: ${credentials.replaced.join(', ')}`)
    }
    if (cookies.removed > 0) {
      const why = asked.mode === 'replace' ? 'replaced' : 'pushed out, the most that a site may have'
      output.say(
        `${asked.dryRun ? 'would remove' : 'removed'} ${counted(cookies.removed, 'cookie')} of the session: ${why}`,
      )
      for (const { name, domain, path } of report.removed.slice(0, maxRemoved)) {
        output.say(printable(`  ${name} of ${domain}${path}`))
      }
      if (report.removed.length > maxRemoved) {
        output.say(`  and ${report.removed.length - maxRemoved} more; --json lists all`)
      }
    }
    if (report.heldBack) {
      output.warn(
        `${asked.dryRun ? 'would remove' : 'removed'} nothing: --replace needs a file that can be read as a whole`,
      )
    }
  }
  if (cookies.elsewhere > 0) output.say(`skipped ${counted(cookies.elsewhere, 'cookie')} of other hosts`)
  if (storage.elsewhere > 0) {
    output.say(`skipped the web storage of ${counted(storage.elsewhere, 'origin')} of other hosts`)
  }
  tellSkipped(output, report.skipped)
  tellFlawed(output, report.flawed)
  if (failed !== undefined) {
    output.warn(`a part could not be written: ${messageOf(failed.error)}`)
    for (const label of failed.written) output.warn(`already written: ${label}`)
    output.say('everything else is unchanged; run the same import again to complete it')
  }
}

/** Prints one line for each reason, with the first places. */
export function tellSkipped(output: Output, skipped: readonly Skipped[]): void {
  const reasons = byReason(skipped)
  for (const [reason, places] of reasons.slice(0, maxReasons)) {
    const text = `skipped ${places.length}: ${printable(reason)} (${firstOf(places)})`
    // Every file that is not new has expired cookies, so this is no warning.
    if (reason === 'expired') output.say(text)
    else output.warn(text)
  }
  const rest = reasons.length - maxReasons
  if (rest > 0) output.warn(`skipped more for ${rest} other reasons; --json lists all`)
}

function tellFlawed(output: Output, flawed: readonly Skipped[]): void {
  for (const [reason, places] of byReason(flawed)) {
    output.warn(`kept ${counted(places.length, 'cookie')} in part: ${reason} (${firstOf(places)})`)
  }
}

function firstOf(places: readonly string[]): string {
  const more = places.length > maxPlaces ? ` and ${places.length - maxPlaces} more` : ''
  return printable(`${places.slice(0, maxPlaces).join(', ')}${more}`)
}

function byReason(
  skipped: readonly Skipped[],
): readonly (readonly [reason: string, places: readonly string[]])[] {
  const groups = Map.groupBy(skipped, ({ reason }) => reason)
  return [...groups].map(([reason, of]) => [reason, of.map(({ where }) => where)] as const)
}
