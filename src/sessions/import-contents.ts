import type { Cookie } from '../cookies/cookie.ts'
import { hostMatches, siteOf } from '../cookies/site.ts'
import type { GivenCookie, Reading, Skipped } from '../formats/format.ts'
import type { Json, RecordId, Records } from '../store/store.ts'
import type { BundledCredential } from './bundled-credential.ts'
import { type ImportMode, importSite, isOf, type SiteOutcome, sortCookies } from './import-cookies.ts'
import { importStorage, type StorageOutcome, sortStorage } from './import-storage.ts'
import { type UndoneRecord, undoable } from './import-undo.ts'
import { hostOfOrigin } from './session-storage.ts'
import { type Written, writeRecords } from './write-records.ts'

/** The contents of an import: from a file, from a browser's profile, from a bundle of another machine. */
export interface Importable extends Reading {
  /** Only a bundle has them. */
  readonly credentials?: readonly BundledCredential[]
}

export interface ImportOptions {
  /**
   * `merge`: what is held stays beside it. `replace`: the sites and origins that come lose what they held, and nothing goes when any of
   * the file could not be used.
   */
  readonly mode: ImportMode
  /** With `replace`: the only cookies that go, instead of all of the sites that come. */
  readonly gone?: readonly GivenCookie[]
  /** Everything is checked and counted, and nothing written. */
  readonly dryRun?: boolean
  /** Only what belongs to these hosts and the hosts below them. */
  readonly hosts?: readonly string[] | undefined
  /** Where it comes from. With it, the import can be undone: `undoImport`. */
  readonly undo?: string
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
  /** The attributes that could not be read, of cookies that came in without them. */
  readonly flawed: readonly Skipped[]
  /** The cookies of `cookies.removed`. */
  readonly removed: readonly Pick<Cookie, 'name' | 'domain' | 'path'>[]
  /** Whether `replace` took nothing away, because some of the file could not be used. */
  readonly heldBack: boolean
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
  store: Records,
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
  const unread = given.skipped.filter(({ what }) => what !== 'credential').length + cookies.flawed.length
  const unusable = unread + cookies.refused + storage.skipped.length
  const heldBack = options.mode === 'replace' && options.gone === undefined && unusable > 0
  const mode = heldBack ? 'merge' : options.mode
  const { expired } = cookies
  const cookieSites = new Set([
    ...cookies.bySite.keys(),
    ...(options.gone ?? []).map(({ domain }) => siteOf(domain)),
  ])
  const records = [
    ...[...cookieSites].map((site) => ({
      id: { kind: 'cookies', session, name: site } as RecordId,
      label: `the cookies of ${site}`,
      change: (value: Json | undefined) =>
        outcomeIn(
          cookieOutcomes,
          site,
          importSite(value, cookies.bySite.get(site) ?? [], { ...options, mode, expired }),
        ),
    })),
    ...[...storage.bySite].map(([site, ofSite]) => ({
      id: { kind: 'storage', session, name: site } as RecordId,
      label: `the web storage of ${site}`,
      change: (value: Json | undefined) =>
        outcomeIn(storageOutcomes, site, importStorage(value, ofSite, { ...options, mode })),
    })),
    ...credentials.map(({ name, record }) => ({
      id: { kind: 'credential', session, name } as RecordId,
      label: `the credential ${name}`,
      change: () => record,
    })),
  ].sort((a, b) => (a.label < b.label ? -1 : 1))
  const changes: UndoneRecord[] = []
  for (const { id, change } of records) {
    const before = (await store.read(id))?.value
    const after = change(before)
    if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ id, before, after })
  }
  const overwritten = changes.filter(({ before }) => before !== undefined)
  // A cookie that comes again as it was has new times in its record, which is no change.
  const others = changes.filter(({ id }) => id.kind !== 'cookies')
  const outcomesOfSites = [...cookieOutcomes.values()]
  const loses =
    outcomesOfSites.some(({ changed, removed }) => changed + removed.length > 0) ||
    others.some(({ before }) => before !== undefined)
  const brings = loses || others.length > 0 || outcomesOfSites.some(({ added }) => added > 0)
  const write = () => writeRecords(store, records, options.onProgress ?? (() => {}))
  const written: Written = options.dryRun
    ? { kind: 'all' }
    : options.undo === undefined || !brings
      ? await write()
      : await undoable(
          store,
          session,
          { from: options.undo, at: options.now, records: changes, loses },
          write,
        )
  const replaced = overwritten.flatMap(({ id }) => (id.kind === 'credential' ? id.name : []))
  const outcomes = { cookies: [...cookieOutcomes.values()], storage: [...storageOutcomes.values()] }
  return {
    ...countsOf(given, asked, outcomes),
    credentials: { names: credentials.map(({ name }) => name), replaced },
    sites: [...new Set([...cookies.bySite.keys(), ...storage.bySite.keys()])].sort(),
    skipped: [
      ...asked.skipped,
      ...cookies.skipped,
      ...storage.skipped,
      ...[...outcomes.cookies, ...outcomes.storage].flatMap(({ skipped }) => skipped),
    ],
    flawed: cookies.flawed,
    heldBack,
    ...(written.kind === 'part' ? { failed: { error: written.error, written: written.labels } } : {}),
  }
}

function countsOf(
  given: Importable,
  asked: Importable,
  outcomes: { readonly cookies: readonly SiteOutcome[]; readonly storage: readonly StorageOutcome[] },
): Pick<ImportReport, 'cookies' | 'storage' | 'removed'> {
  const removed = outcomes.cookies.flatMap((outcome) => outcome.removed)
  const sum = (count: 'added' | 'changed' | 'unchanged') =>
    outcomes.cookies.reduce((total, outcome) => total + outcome[count], 0)
  const unread = given.skipped.filter(({ what }) => what === undefined).length
  return {
    cookies: {
      read: given.cookies.length + unread,
      added: sum('added'),
      changed: sum('changed'),
      unchanged: sum('unchanged'),
      elsewhere: given.cookies.length - asked.cookies.length,
      removed: removed.length,
    },
    storage: {
      origins: outcomes.storage.reduce((total, { origins }) => total + origins, 0),
      keys: outcomes.storage.reduce((total, { keys }) => total + keys, 0),
      elsewhere: given.origins.length - asked.origins.length,
    },
    removed: removed.map(({ name, domain, path }) => ({ name, domain, path })),
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
