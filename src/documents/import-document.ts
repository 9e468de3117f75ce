import { messageOf } from '../errors.ts'
import type { ImportReport } from '../sessions/import-contents.ts'
import type { Document } from './document.ts'

/** How an import was asked for. */
export interface ImportAsked {
  readonly session: string
  readonly format: string
  readonly mode: 'merge' | 'replace'
  readonly dryRun: boolean
}

/** `import` */
export function importDocument(report: ImportReport, asked: ImportAsked) {
  const { cookies, storage, credentials, sites, skipped, failed } = report
  return {
    schema: 'hallpass.import/1',
    session: asked.session,
    format: asked.format,
    mode: asked.mode,
    dry_run: asked.dryRun,
    read: cookies.read,
    imported: cookies.added + cookies.changed + cookies.unchanged,
    added: cookies.added,
    changed: cookies.changed,
    unchanged: cookies.unchanged,
    removed: cookies.removed,
    removed_cookies: report.removed,
    held_back: report.heldBack,
    elsewhere: cookies.elsewhere,
    storage,
    credentials: credentials.names,
    credentials_replaced: credentials.replaced,
    sites,
    skipped: skipped.map(({ where, reason, what = 'cookie' }) => ({ where, reason, what })),
    flawed: report.flawed.map(({ where, reason }) => ({ where, reason })),
    failed: failed === undefined ? null : { reason: messageOf(failed.error), written: failed.written },
  } as const satisfies Document
}
