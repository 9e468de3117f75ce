import { HallpassError } from '../../../errors.ts'
import { formatNamed } from '../../../formats/formats.ts'
import { type Exported, gatherExport, heldKeys, writeExport } from '../../../library/export-contents.ts'
import { type SessionContents, sealBundle } from '../../../sessions/bundle.ts'
import type { Json } from '../../../store/store.ts'
import { type Context, Exit, type Input, type Run } from '../../command.ts'
import { counted } from '../../counted.ts'
import { newPassphrase, readPassphraseFile, typeable } from '../../new-passphrase.ts'
import { checkDestination, writeOut } from './write-out.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const name = input.text('format')
  if (name === undefined) {
    throw new HallpassError('usage', 'name a format with --format', { hint: 'hallpass export --help' })
  }
  const format = await formatNamed(name)
  const out = input.text('out')
  const file = out === '-' ? undefined : out
  if (file === undefined && output.json) throw new HallpassError('usage', '--json needs --out FILE')
  // All checks come before the question and before anything is read.
  const destination = file === undefined ? undefined : checkDestination(file, { force: input.has('force') })
  const secret = input.has('reveal') || name === 'bundle'
  if (!secret && destination === undefined) {
    throw new HallpassError(
      'usage',
      'this would print values in clear: add --reveal to allow it, or name a file with --out',
    )
  }
  const hallpass = await context.open()
  const session = await hallpass.session()
  const gathered = await gatherExport(session, hallpass.store, input.args, format)
  const { cookies, origins, credentials, expired } = gathered
  if (cookies.length + origins.length + credentials.length === 0) {
    const of = input.args.length === 0 ? '' : ` of ${input.args.join(', ')}`
    throw new HallpassError('cookie-missing', `the session "${session.name}" has nothing${of} to export`, {
      hint: 'hallpass session show',
    })
  }
  if (!secret) {
    const question = `Write the values of ${counted(cookies.length, 'cookie')} in clear to ${file}?`
    if (!(await context.confirm(question, '--reveal'))) throw new Exit(1)
  }
  const made = format === undefined ? await bundle(context, input, gathered) : writeExport(format, gathered)
  const written = cookies.length - made.left.length
  const keys = heldKeys(origins, format)
  if (written + keys + credentials.length === 0) {
    const [why] = made.left
    const reason = why?.reason ?? `--format ${name} holds no web storage`
    throw new HallpassError('failed', `nothing was exported: ${reason}`, { hint: 'hallpass export --help' })
  }
  if (destination === undefined) output.value(made.bytes)
  else await writeOut(destination, made.bytes)
  if (output.json) {
    output.document('export/1', {
      session: session.name,
      format: format?.name ?? 'bundle',
      file: destination?.path ?? null,
      cookies: written,
      storage_keys: keys,
      credentials: credentials.map(({ name }) => name),
      expired,
      left: made.left,
      lost: made.lost,
    })
  }
  const more = [
    keys === 0 ? '' : `${counted(keys, 'key')} of web storage`,
    credentials.length === 0 ? '' : counted(credentials.length, 'credential'),
  ].filter((text) => text !== '')
  const where = destination === undefined ? '' : ` to ${destination.path}, for you alone (0600)`
  output.say(
    `wrote ${[counted(written, 'cookie'), ...more].join(', ')} of the session ${session.name}${where}`,
  )
  if (credentials.some(({ record }) => kindOf(record) === 'oauth2')) {
    output.warn('it contains refresh tokens: if the provider rotates them, two machines sign each other out')
  }
  if (expired > 0) output.say(`left out ${expired} that ${expired === 1 ? 'has' : 'have'} expired`)
  for (const [reason, of] of Map.groupBy(made.left, ({ reason }) => reason)) {
    output.warn(`left out ${of.length}: ${reason} (${[...new Set(of.map(({ where }) => where))].join(', ')})`)
  }
  for (const { what, count, of } of made.lost)
    output.warn(`this format cannot hold ${what}: lost for ${counted(count, of)}`)
  return 0
}

function kindOf(record: Json): unknown {
  return typeof record === 'object' && record !== null && 'kind' in record ? record.kind : undefined
}

async function bundle(context: Context, input: Input, contents: SessionContents): Promise<Exported> {
  const file = input.text('passphraseFile')
  const passphrase =
    file === undefined
      ? await newPassphrase(context, 'passphrase of the bundle')
      : typeable(readPassphraseFile(file))
  const { cookies, origins, credentials } = contents
  return {
    bytes: Buffer.from(await sealBundle({ cookies, origins, credentials }, passphrase)),
    left: [],
    lost: [],
  }
}
