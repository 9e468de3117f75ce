import type { Reading } from '../../formats/format.ts'

/** How one family of browsers keeps its profiles. Each is one file; browsers.ts says which browser is of which. */
export interface Engine {
  /** The database of a profile's cookies, below its folder. The first that exists counts. */
  readonly cookieFiles: readonly string[]
  /** A cookie that the store lacks, for `--verbose`. */
  readonly lacks?: string
  /** The profiles below one of a browser's roots. */
  folders(root: string): readonly ProfileFolder[]
  /** Whether a profile can have several containers, each with cookies of its own. */
  readonly hasContainers?: true
  /** Changes nothing of the profile. */
  read(profile: StoredProfile): Promise<Reading>
}

export interface StoredProfile {
  /** The database of its cookies. */
  readonly cookies: string
  /** The folder above the profiles. */
  readonly root: string
  /** By name or number: only the cookies of this container, instead of those outside of all. */
  readonly container?: string | undefined
}

export interface ProfileFolder {
  /** As the user calls the profile. */
  readonly name: string
  readonly folder: string
}
