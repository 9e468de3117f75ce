import type { Cookie } from '../../../cookies/cookie.ts'
import { fromWire } from '../../../documents/from-wire.ts'
import { sessionDocument } from '../../../documents/session-documents.ts'
import type { CredentialSummary } from '../../../sessions/credential-summary.ts'
import { type Inventory, inventoryOf } from '../../../sessions/inventory.ts'
import type { SiteHealth } from '../../../sessions/site-health.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { SessionMetadata } from '../../../store/store.ts'
import type { Run } from '../../command.ts'
import type { Output } from '../../output.ts'
import { storageRows } from '../storage/storage-text.ts'

export const run: Run = async (context, input) => {
  const { output, flags } = context
  const { sessions, store } = await context.open()
  const session = await sessions.get(input.args[0] ?? flags.session)
  const inventory = await inventoryOf(session, store)
  const now = Date.now()
  if (output.json) output.print(sessionDocument(session.metadata, inventory, { spell: output.spell, now }))
  else tell(output, session.metadata, inventory, now)
}

function tell(output: Output, metadata: SessionMetadata, inventory: Inventory, now: number): void {
  const { name, createdAt, lastUsedAt, expiresAt } = metadata
  const when = (time: string | undefined) =>
    time === undefined ? 'never' : `${spokenTime(Date.parse(time), now)} (${time})`
  const { sites, storages, credentials, hosts } = inventory
  output.table([
    ['session', name],
    ['created', when(createdAt)],
    ['last used', when(lastUsedAt)],
    ['expires', when(expiresAt)],
    ...traitRows(metadata),
    ['hosts', hosts.length === 0 ? 'none' : hosts.join(', ')],
  ])
  for (const { site, cookies, health } of sites) {
    output.line('')
    output.line(cookies.length === 0 ? `cookies of ${site}: none left` : `cookies of ${site}`)
    output.table(cookies.map((cookie) => cookieRow(cookie, now)))
    const login = loginText(health, now)
    if (login !== '') output.line(`  ${login}`)
  }
  for (const storage of storages) {
    output.line('')
    output.line(`web storage of ${storage.origin}`)
    output.table(storageRows(storage))
  }
  if (credentials.length === 0) return
  output.line('')
  output.line('credentials')
  output.table(credentials.map(credentialRow))
}

function traitRows({ userAgent, viewport, locale, timeZone, fields = {} }: SessionMetadata): string[][] {
  const size = viewport && `${viewport.width}x${viewport.height}`
  const rows = Object.entries({ 'user agent': userAgent, viewport: size, locale, 'time zone': timeZone })
  return [
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ...Object.entries(fields).map(([key, value]) => {
      return ['field', `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`]
    }),
  ]
}

function loginText({ state, reason, since = 0, verifiedAt }: SiteHealth, now: number): string {
  if (state === 'ok')
    return verifiedAt === undefined ? '' : `the login was alive ${spokenTime(verifiedAt, now)}`
  const what = state === 'suspect' ? 'perhaps its login has ended' : 'its login has ended'
  return `${what}: ${reason} (${spokenTime(since, now)})`
}

function cookieRow(cookie: Cookie, now: number): string[] {
  const { name, domain, hostOnly, path, expiresAt } = cookie
  const end = expiresAt === undefined ? '' : spokenTime(expiresAt, now)
  return [
    `  ${name === '' ? '(no name)' : fromWire(name)}`,
    `${hostOnly ? domain : `.${domain}`}${path === '/' ? '' : fromWire(path)}`,
    expiresAt === undefined ? 'no expiry' : `${expiresAt > now ? 'expires' : 'expired'} ${end}`,
  ]
}

function credentialRow({ name, kind, hosts, place, problem }: CredentialSummary): string[] {
  return [
    `  ${name}`,
    kind,
    hosts.length === 0 ? 'where a rule names it' : hosts.join(' '),
    problem === undefined ? (place ?? '') : `not usable: ${problem}`,
  ]
}
