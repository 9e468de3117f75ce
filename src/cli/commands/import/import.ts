import { browsers } from '../../../browser/stores/browsers.ts'
import { importDocument } from '../../../documents/import-document.ts'
import { HallpassError } from '../../../errors.ts'
import { allFormats, formatNamed, formatOf } from '../../../formats/formats.ts'
import { Source } from '../../../formats/source.ts'
import { printable } from '../../../log/printable.ts'
import { quotedWord } from '../../../quoted-word.ts'
import { isBundle, openBundle } from '../../../sessions/bundle.ts'
import type { Importable } from '../../../sessions/import-contents.ts'
import { siteOperand } from '../../../sessions/place-operand.ts'
import type { Context, Input, Run } from '../../command.ts'
import { readPassphraseFile } from '../../new-passphrase.ts'
import { progress } from '../../progress.ts'
import { warnOfStaleShell } from '../../warn-of-stale-shell.ts'
import { confirmCredentials } from './brought-credentials.ts'
import { importedOf, nothingOf, tellImport } from './import-report.ts'
import type { ImportSource } from './import-source.ts'
import { readInput } from './read-input.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  if (input.has('undo')) return (await import('./undo.ts')).undo(context, input)
  if (input.has('merge') && input.has('replace')) {
    throw new HallpassError('usage', '--merge and --replace do not go together')
  }
  const source = (await fromBrowserIfAsked(context, input)) ?? fromFile(context, input)
  const { name, sites } = source
  const { format, contents } = await named(name, source.read)
  await confirmCredentials(context, input, sites.length === 0 ? (contents.credentials ?? []) : [])
  const hallpass = await context.open()
  const session = await hallpass.session()
  const dryRun = input.has('dryRun')
  const mode = input.has('replace') ? 'replace' : 'merge'
  const report = await session.importInto(contents, {
    mode,
    dryRun,
    hosts: sites.length === 0 ? undefined : sites,
    undo: name,
    onProgress: progress(context, 'writing'),
  })
  const told = { session: session.name, file: name, format, mode, dryRun } as const
  const nothing = nothingOf(report, sites)
  if (nothing !== undefined) {
    if (!output.json) tellImport(output, report, told)
    throw new HallpassError('failed', `${name}: nothing was imported: ${nothing}`)
  }
  if (output.json) output.print(importDocument(report, told))
  else tellImport(output, report, told)
  await warnOfStaleShell(context, hallpass)
  if (report.failed !== undefined) return 8
  if (!dryRun && !output.json && importedOf(report) > 0) {
    output.hint('hallpass session show')
    if (report.removed.length + report.credentials.replaced.length > 0) output.hint('hallpass import --undo')
  }
  return report.heldBack ? 8 : 0
}

async function fromBrowserIfAsked(context: Context, input: Input): Promise<ImportSource | undefined> {
  if (input.has('profile') && !input.has('from')) throw new HallpassError('usage', '--profile needs --from')
  const isProfile = browsers.some(({ engine }) => engine === input.text('format'))
  if (!input.has('from') && !isProfile) {
    if (input.has('container')) throw new HallpassError('usage', '--container needs --from firefox')
    return undefined
  }
  const { fromBrowser } = await import('./from-browser.ts')
  return fromBrowser(context, input)
}

function fromFile(context: Context, input: Input): ImportSource {
  const file = fileOf(input)
  const sites = input.args.slice(1).map(siteOperand)
  return {
    name: file === '-' ? 'stdin' : printable(file),
    sites,
    read: () => read(context, input, file, sites),
  }
}

function fileOf(input: Input): string {
  const [file] = input.args
  if (file !== undefined) return file
  if (!process.stdin.isTTY) return '-'
  throw new HallpassError('usage', 'name a file, or - for stdin', { hint: 'hallpass import cookies.txt' })
}

async function read(
  context: Context,
  input: Input,
  file: string,
  sites: readonly string[],
): Promise<{ readonly format: string; readonly contents: Importable }> {
  const wanted = input.text('format')
  const source = new Source(await readInput(file))
  if (wanted === 'bundle' || (wanted === undefined && isBundle(source.latin1))) {
    // A bundle is ASCII, so latin1 reads it exactly.
    return {
      format: 'bundle',
      contents: await openBundle(source.latin1, () => passphraseOf(context, input, file)),
    }
  }
  const format = wanted === undefined ? formatOf(source, await allFormats()) : await formatNamed(wanted)
  if (format === undefined) throw new HallpassError('usage', `there is no format "${wanted}"`)
  const host = sites.length === 1 ? sites[0] : undefined
  return { format: format.name, contents: format.read(source, { now: Date.now(), host }) }
}

async function passphraseOf(context: Context, input: Input, file: string) {
  const from = input.text('passphraseFile')
  if (from !== undefined) return readPassphraseFile(from)
  if (file !== '-') return context.secret('the passphrase of the bundle')
  throw new HallpassError(
    'usage',
    'stdin is the bundle, so the passphrase must come from a file: use --passphrase-file',
  )
}

/** Names the file in the errors of `run`. */
async function named<T>(name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof HallpassError) || error.message.startsWith('--')) throw error
    const hint = (error.hint ?? 'hallpass import --help').replace(/ FILE$/, () => ` ${quotedWord(name)}`)
    throw new HallpassError(error.code, `${name}: ${error.message}`, { hint, cause: error })
  }
}
