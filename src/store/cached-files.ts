import { hash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { readOwnFile } from './own-files.ts'
import { isRacy, stampOf } from './stamp.ts'

// Counted in characters of text, and a decoded value takes about as much: room for some thousand ordinary jars.
const maxCachedChars = 16 * 1024 * 1024

interface Entry<T> {
  readonly stamp: string
  readonly text: string
  readonly value: T
}

/** Reads and decodes a file once, until it changes. Drops the least recently used first. */
export class CachedFiles<T> {
  readonly #root: string
  readonly #entries = new Map<string, Entry<T>>()
  #chars = 0

  constructor(root: string) {
    this.#root = root
  }

  /** The decoded content, as it is on disk now; undefined without a file. */
  read(path: string, decode: (text: string) => T): T | undefined {
    const entry = this.#entries.get(path)
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (entry !== undefined) {
      this.#forget(path, entry)
      if (stat !== undefined && stampOf(stat) === entry.stamp && !isRacy(stat)) {
        this.#keep(path, entry)
        return entry.value
      }
    }
    const file = stat && readOwnFile(path, this.#root)
    if (file === undefined) return undefined
    // Two changes within one tick of the clock have one stamp, so compare the text. Decode only a new text.
    const value = entry?.text === file.text ? entry.value : decode(file.text)
    this.#keep(path, { stamp: stampOf(file.stat), text: file.text, value })
    return value
  }

  /** Changes with the content; undefined without a file. */
  stamp(path: string): string | undefined {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined || !isRacy(stat)) return stat && stampOf(stat)
    const file = readOwnFile(path, this.#root)
    return file && `${stampOf(file.stat)}:${hash('sha256', file.text)}`
  }

  #keep(path: string, entry: Entry<T>): void {
    this.#entries.set(path, entry)
    this.#chars += entry.text.length
    for (const [oldest, unused] of this.#entries) {
      if (this.#chars <= maxCachedChars) return
      this.#forget(oldest, unused)
    }
  }

  #forget(path: string, entry: Entry<T>): void {
    this.#entries.delete(path)
    this.#chars -= entry.text.length
  }
}
