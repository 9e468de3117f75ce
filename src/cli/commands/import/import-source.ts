import type { Importable } from '../../../sessions/import-contents.ts'

/** Where contents come from: a file, or a browser's own store. */
export interface ImportSource {
  /** For messages. */
  readonly name: string
  /** Import only what belongs to these hosts; everything when the list is empty. */
  readonly sites: readonly string[]
  read(): Promise<{ readonly format: string; readonly contents: Importable }>
}
