import { Jar, type JarChange } from '../cookies/jar.ts'
import { HallpassError } from '../errors.ts'
import { ByteCache, roughBytes } from '../store/byte-cache.ts'
import type { Json, RecordId, Records } from '../store/store.ts'
import { SaveRetry } from './save-retry.ts'

interface Waiting {
  readonly changes: readonly JarChange[]
  /** Whether the changes stay in memory when the disk fails. The change of a command fails with the command instead. */
  readonly keep: boolean
  readonly saved: () => void
  readonly failed: (error: unknown) => void
}

/** A jar holds 180 cookies of a site. Without a limit of a few times that, an origin could fill the memory. */
const maxUnsaved = 1000

interface ReadJar {
  readonly value: Json | undefined
  readonly generation: number
  readonly jar: Jar
}

/** The decoded jars of all sessions. */
export type JarCache = ByteCache<SiteJar, ReadJar>

/** An ordinary jar takes some ten kilobytes. A full one, of large cookies, takes a megabyte. */
const maxCachedBytes = 16 * 1024 * 1024

export function jarCache(): JarCache {
  return new ByteCache(maxCachedBytes)
}

/**
 * The jar of one site in one session: the record, with the unsaved changes over it.
 * Each change is written exactly once, in the order of arrival. Changes that arrive during a write go into the next write, after
 * those that failed. Two writes at a time could let an older value overwrite a newer one.
 */
export class SiteJar {
  readonly #store: Records
  readonly #id: RecordId
  #waiting: Waiting[] = []
  #unsaved: readonly JarChange[] = []
  #writing = false
  readonly #retry = new SaveRetry(() => void this.keep([]).catch(() => 'the session is gone'))
  #generation = 0
  readonly #cache: JarCache

  constructor(store: Records, session: string, site: string, cache: JarCache) {
    this.#store = store
    this.#cache = cache
    this.#id = { kind: 'cookies', session, name: site }
  }

  /** Whether the record has every change. */
  get idle(): boolean {
    return !this.#writing && this.#unsaved.length === 0 && this.#waiting.length === 0
  }

  /** Changes with the jar. Take it before `read`. */
  stamp(): string {
    const stamp = this.#store.stamp(this.#id) ?? ''
    return this.#generation === 0 ? stamp : `${stamp} ${this.#generation}`
  }

  /** The jar as it is now. It is shared: change only a `copy`. */
  async read(): Promise<Jar> {
    const record = await this.#store.read(this.#id)
    const value = record?.value
    const generation = this.#generation
    const cached = this.#cache.get(this)
    if (cached !== undefined && cached.value === value && cached.generation === generation) return cached.jar
    const jar = jarOf(value)
    for (const change of this.#unsaved) change.apply(jar)
    this.#cache.set(this, { value, generation, jar }, roughBytes(jar.toRecord()))
    return jar
  }

  async copy(): Promise<Jar> {
    return Jar.fromRecord((await this.read()).toRecord())
  }

  /**
   * Resolves to 'saved' when the changes are on disk. When the disk fails, it resolves to 'not-saved': the changes hold in memory,
   * and the jar tries again. Called without changes, it says whether the jar is on disk.
   */
  async keep(changes: readonly JarChange[]): Promise<'saved' | 'not-saved'> {
    if (changes.length === 0 && this.#unsaved.length === 0) return 'saved'
    try {
      await this.#add(changes, true)
      return 'saved'
    } catch (error) {
      if (error instanceof HallpassError && error.code === 'session-missing') throw error
      return 'not-saved'
    }
  }

  /** Resolves when the change is on disk. Forgets the change and rejects when the disk fails. */
  save(change: JarChange): Promise<void> {
    return this.#add([change], false)
  }

  /** Tries once more to save, at the end. */
  async flush(): Promise<void> {
    if (this.#unsaved.length > 0) await this.keep([])
    this.#retry.stop()
  }

  #add(changes: readonly JarChange[], keep: boolean): Promise<void> {
    return new Promise((saved, failed) => {
      this.#waiting.push({ changes, keep, saved, failed })
      // It never rejects: the waiting promises get the error.
      if (!this.#writing) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#writing = true
    this.#retry.stop()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0)
      const before = this.#unsaved
      const changes = [...before, ...batch.flatMap((waiting) => waiting.changes)]
      try {
        await this.#store.update(this.#id, (value) => changed(value, changes))
        this.#unsaved = []
        this.#retry.saved()
        for (const waiting of batch) waiting.saved()
      } catch (error) {
        this.#fail(batch, before, error)
      }
    }
    this.#writing = false
    if (this.#unsaved.length > 0) this.#retry.failed()
  }

  #fail(batch: readonly Waiting[], before: readonly JarChange[], error: unknown): void {
    const gone = error instanceof HallpassError && error.code === 'session-missing'
    const kept = batch.filter(({ keep }) => keep).flatMap(({ changes }) => changes)
    this.#unsaved = gone ? [] : withoutPointless([...before, ...kept])
    if (gone ? before.length > 0 : kept.length > 0) this.#generation++
    for (const waiting of batch) waiting.failed(error)
  }
}

function changed(value: Json | undefined, changes: readonly JarChange[]): Json | undefined {
  const jar = jarOf(value)
  for (const change of changes) change.apply(jar)
  const record = jar.toRecord()
  // An empty record says nothing.
  if (record.cookies.length === 0 && record.covers.length === 0) return undefined
  return record as unknown as Json
}

function jarOf(value: Json | undefined): Jar {
  return value === undefined ? new Jar() : Jar.fromRecord(value)
}

function withoutPointless(changes: readonly JarChange[]): readonly JarChange[] {
  const last = new Map<string, JarChange>()
  for (const change of changes) {
    last.delete(change.key)
    last.set(change.key, change)
  }
  return [...last.values()].slice(-maxUnsaved)
}
