import { hash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { ByteCache, roughBytes } from './byte-cache.ts'
import { readOwnFile } from './own-files.ts'
import { isRacy, stampOf } from './stamp.ts'

/** Some thousand ordinary jars. */
const maxBytes = 32 * 1024 * 1024

interface Entry<T> {
  readonly stamp: string
  readonly text: string
  readonly value: T
  readonly bytes: number
}

/** Reads and decodes a file once, until it changes. Drops the least recently used first. */
export class CachedFiles<T> {
  readonly #root: string
  readonly #entries = new ByteCache<string, Entry<T>>(maxBytes)

  constructor(root: string) {
    this.#root = root
  }

  /** The decoded content, as it is on disk now; undefined without a file. */
  read(path: string, decode: (text: string) => T): T | undefined {
    const entry = this.#entries.get(path)
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (entry !== undefined && stat !== undefined && stampOf(stat) === entry.stamp && !isRacy(stat))
      return entry.value
    this.#entries.delete(path)
    const file = stat && readOwnFile(path, this.#root)
    if (file === undefined) return undefined
    // Two changes within one tick of the clock have one stamp, so compare the text. Decode only a new text.
    const { text, value, bytes } = entry?.text === file.text ? entry : this.#decoded(path, file.text, decode)
    this.#entries.set(path, { stamp: stampOf(file.stat), text, value, bytes }, bytes)
    return value
  }

  /** Changes with the content; undefined without a file. */
  stamp(path: string): string | undefined {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined || !isRacy(stat)) return stat && stampOf(stat)
    const file = readOwnFile(path, this.#root)
    return file && `${stampOf(file.stat)}:${hash('sha256', file.text)}`
  }

  #decoded(path: string, text: string, decode: (text: string) => T): Omit<Entry<T>, 'stamp'> {
    const value = decode(text)
    return { text, value, bytes: roughBytes([path, text, value]) }
  }
}
