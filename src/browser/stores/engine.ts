import type { Reading } from '../../formats/format.ts'

/** How one family of browsers keeps its profiles. Each is one file; browsers.ts says which browser is of which. */
export interface Engine {
  /** The database of a profile's cookies, below its folder. The first that exists counts. */
  readonly cookieFiles: readonly string[]
  /** A cookie that the store lacks, for `--verbose`. */
  readonly lacks?: string
  /** The profiles below one of a browser's roots. */
  folders(root: string): readonly ProfileFolder[]
  /** Changes nothing of the profile. */
  read(profile: { readonly cookies: string; readonly root: string }): Promise<Reading>
}

export interface ProfileFolder {
  /** As the user calls the profile. */
  readonly name: string
  readonly folder: string
}
