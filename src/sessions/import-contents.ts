import { hostMatches, siteOf } from '../cookies/site.ts'
import type { GivenCookie, Reading, Skipped } from '../formats/format.ts'
import type { Json, RecordId, Store } from '../store/store.ts'
import type { BundledCredential } from './bundled-credential.ts'
import { type ImportMode, importSite, isOf, type SiteOutcome, sortCookies } from './import-cookies.ts'
import { importStorage, type StorageOutcome, sortStorage } from './import-storage.ts'
import { hostOfOrigin } from './session-storage.ts'
import { type Written, writeRecords } from './write-records.ts'

/** What is to come into a session: from a file, from a browser's profile, from a bundle of another machine. */
export interface Importable extends Reading {
  /** Only a bundle has them. */
  readonly credentials?: readonly BundledCredential[]
}

export interface ImportOptions {
  /** `merge`: what is held stays beside it. `replace`: the sites and origins that come lose what they held. */
  readonly mode: ImportMode
  /** With `replace`: the only cookies that go, instead of all of the sites that come. */
  readonly gone?: readonly GivenCookie[]
  /** Everything is checked and counted, and nothing written. */
  readonly dryRun?: boolean
  /** Only what belongs to these hosts and the hosts below them. */
  readonly hosts?: readonly string[] | undefined
  readonly onProgress?: (written: number, all: number) => void
}

export interface ImportReport {
  readonly cookies: {
    /** = added + changed + unchanged + elsewhere + those in `skipped` */
    readonly read: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    /** Of hosts that were not asked for. */
    readonly elsewhere: number
    /** Of the session: replaced, or pushed out by those that came. */
    readonly removed: number
  }
  readonly storage: { readonly origins: number; readonly keys: number; readonly elsewhere: number }
  /** `replaced` are those of `names` in whose place there was another. */
  readonly credentials: { readonly names: readonly string[]; readonly replaced: readonly string[] }
  readonly sites: readonly string[]
  readonly skipped: readonly Skipped[]
  /** Why the disk did not take all of it, and what is written nevertheless: all else is as it was. */
  readonly failed?: { readonly error: unknown; readonly written: readonly string[] }
}

/**
 * Brings all of it into a session, or nothing. Everything is checked before the first record is written; records are written one after
 * the other, each under its own lock alone, so that no two imports can wait for each other. When one cannot be written,
 * those before it are put back; only what cannot be put back either is named in `failed`.
 *
 * @throws HallpassError `not-saved` when nothing was written; `record-damaged` before anything is
 */
export async function importContents(
  store: Store,
  session: string,
  given: Importable,
  options: ImportOptions & { readonly now: number },
): Promise<ImportReport> {
  const asked = within(given, options.hosts)
  const cookies = sortCookies(asked.cookies, options.now)
  const storage = sortStorage(asked.origins)
  const credentials = asked.credentials ?? []
  const cookieOutcomes = new Map<string, SiteOutcome>()
  const storageOutcomes = new Map<string, StorageOutcome>()
  const cookieSites = new Set([
    ...cookies.bySite.keys(),
    ...(options.gone ?? []).map(({ domain }) => siteOf(domain)),
  ])
  const records = [
    ...[...cookieSites].map((site) => ({
      id: { kind: 'cookies', session, name: site } as RecordId,
      label: `the cookies of ${site}`,
      change: (value: Json | undefined) =>
        outcomeIn(cookieOutcomes, site, importSite(value, cookies.bySite.get(site) ?? [], options)),
    })),
    ...[...storage.bySite].map(([site, ofSite]) => ({
      id: { kind: 'storage', session, name: site } as RecordId,
      label: `the web storage of ${site}`,
      change: (value: Json | undefined) =>
        outcomeIn(storageOutcomes, site, importStorage(value, ofSite, options)),
    })),
    ...credentials.map(({ name, record }) => ({
      id: { kind: 'credential', session, name } as RecordId,
      label: `the credential ${name}`,
      change: () => record,
    })),
  ].sort((a, b) => (a.label < b.label ? -1 : 1))
  const replaced: string[] = []
  for (const { id, change } of records) {
    const held = (await store.read(id))?.value
    const next = change(held)
    const other = held !== undefined && JSON.stringify(held) !== JSON.stringify(next)
    if (id.kind === 'credential' && other) replaced.push(id.name)
  }
  const written: Written = options.dryRun
    ? { kind: 'all' }
    : await writeRecords(store, records, options.onProgress ?? (() => {}))
  const bySite = [...cookieOutcomes.values()]
  const sum = (count: 'added' | 'changed' | 'unchanged' | 'removed') =>
    bySite.reduce((total, outcome) => total + outcome[count], 0)
  const stored = [...storageOutcomes.values()]
  const unread = given.skipped.filter(({ what }) => what === undefined).length
  return {
    cookies: {
      read: given.cookies.length + unread,
      added: sum('added'),
      changed: sum('changed'),
      unchanged: sum('unchanged'),
      elsewhere: given.cookies.length - asked.cookies.length,
      removed: sum('removed'),
    },
    storage: {
      origins: stored.reduce((total, { origins }) => total + origins, 0),
      keys: stored.reduce((total, { keys }) => total + keys, 0),
      elsewhere: given.origins.length - asked.origins.length,
    },
    credentials: { names: credentials.map(({ name }) => name), replaced },
    sites: [...new Set([...cookies.bySite.keys(), ...storage.bySite.keys()])].sort(),
    skipped: [
      ...asked.skipped,
      ...cookies.skipped,
      ...storage.skipped,
      ...bySite.flatMap(({ skipped }) => skipped),
      ...stored.flatMap(({ skipped }) => skipped),
    ],
    ...(written.kind === 'part' ? { failed: { error: written.error, written: written.labels } } : {}),
  }
}

function outcomeIn<T extends { readonly record: Json | undefined }>(
  outcomes: Map<string, T>,
  site: string,
  outcome: T,
): Json | undefined {
  outcomes.set(site, outcome)
  return outcome.record
}

function within(given: Importable, hosts: readonly string[] | undefined): Importable {
  if (hosts === undefined) return given
  const { credentials = [] } = given
  return {
    cookies: given.cookies.filter(({ cookie }) => isOf(cookie, hosts)),
    origins: given.origins.filter(({ storage }) => {
      return hosts.some((host) => hostMatches(hostOfOrigin(storage.origin), host))
    }),
    skipped: [
      ...given.skipped,
      ...credentials.map(({ name }): Skipped => {
        return { where: name, reason: 'credentials come with the whole bundle alone', what: 'credential' }
      }),
    ],
  }
}
