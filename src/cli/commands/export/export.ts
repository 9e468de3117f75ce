import { identityOf, isExpired } from '../../../cookies/cookie.ts'
import { HallpassError } from '../../../errors.ts'
import type { Contents, Skipped } from '../../../formats/format.ts'
import { formatNamed, type NamedFormat } from '../../../formats/formats.ts'
import { withoutTimes } from '../../../formats/given-cookie.ts'
import { type Loss, lossesOf } from '../../../formats/losses.ts'
import type { Hallpass } from '../../../index.ts'
import { parseRequestUrl } from '../../../plan/request-url.ts'
import { authorityOf } from '../../../proxy/origin.ts'
import { contentsOf, type SessionContents, sealBundle } from '../../../sessions/bundle.ts'
import { areas } from '../../../sessions/origin-storage.ts'
import { siteOperand } from '../../../sessions/place-operand.ts'
import type { Session } from '../../../sessions/session.ts'
import type { Json } from '../../../store/store.ts'
import { type Context, Exit, type Input, type Run } from '../../command.ts'
import { counted } from '../../counted.ts'
import { newPassphrase, readPassphraseFile, typeable } from '../../new-passphrase.ts'
import { checkDestination, writeOut } from './write-out.ts'

interface Made {
  readonly bytes: Uint8Array
  readonly left: readonly Skipped[]
  readonly lost: readonly Loss[]
}

interface Gathered extends Contents {
  readonly credentials: SessionContents['credentials']
  /** How many cookies have expired and are not written. */
  readonly expired: number
}

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
  const gathered = await gather(hallpass, session, input.args, format)
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
  const made = format === undefined ? await bundle(context, input, gathered) : write(format, gathered)
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

/** How many keys of web storage the format holds; a bundle holds all. */
function heldKeys(origins: Contents['origins'], format: NamedFormat | undefined): number {
  const held = areas.filter((area) => format === undefined || format.holds?.[area] === true)
  return origins.reduce((sum, origin) => sum + held.reduce((keys, area) => keys + origin[area].length, 0), 0)
}

async function gather(
  hallpass: Hallpass,
  session: Session,
  operands: readonly string[],
  format: NamedFormat | undefined,
): Promise<Gathered> {
  if (format?.holds?.domain === false) return forRequest(hallpass, operands, format)
  const whole = await contentsOf(session, hallpass.store)
  const now = Date.now()
  const places = operands.map(siteOperand)
  const asked = operands.length === 0
  const held = asked
    ? await session.cookies.list()
    : (await Promise.all(places.map((site) => session.cookies.list(site)))).flat()
  const cookies = [...new Map(held.map((cookie) => [identityOf(cookie), cookie])).values()]
  const live = cookies.filter((cookie) => !isExpired(cookie, now))
  const stored = asked
    ? whole.origins
    : (await Promise.all(places.map((site) => session.storage.list(site)))).flat()
  return {
    cookies: live.map(withoutTimes),
    origins: [...new Map(stored.map((storage) => [storage.origin, storage])).values()],
    // Tokens belong to no site, so an export of single sites leaves them out.
    credentials: format === undefined && asked ? whole.credentials : [],
    expired: cookies.length - live.length,
  }
}

/** The cookies of one request: a header does not say which other requests a cookie belongs to. */
async function forRequest(
  hallpass: Hallpass,
  operands: readonly string[],
  format: NamedFormat,
): Promise<Gathered> {
  const [operand, ...others] = operands
  if (operand === undefined || others.length > 0) {
    throw new HallpassError('usage', `--format ${format.name} writes one request: name its URL`, {
      hint: `hallpass export --format ${format.name} --reveal https://app.example.com/`,
    })
  }
  const { scheme, host, port, path } = parseRequestUrl(operand)
  const url = `${scheme}://${authorityOf({ scheme, host, port })}${path}`
  const cookies = await hallpass.cookies(url)
  return { cookies: cookies.map(withoutTimes), origins: [], credentials: [], expired: 0, url }
}

function write(format: NamedFormat, contents: Gathered): Made {
  if (format.write === undefined || format.holds === undefined) {
    throw new HallpassError('usage', `--format ${format.name} is only for import`)
  }
  const { bytes, left } = format.write(contents, Date.now())
  // A format for one request leaves the rest out on purpose; that is no loss.
  return { bytes, left, lost: format.holds.domain ? lossesOf(format.holds, contents) : [] }
}

async function bundle(context: Context, input: Input, contents: SessionContents): Promise<Made> {
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
