import { hash } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { errnoOf } from '../../store/own-files.ts'
import { isRacy, stampOf } from '../../store/stamp.ts'
import type { Fault, ForeignValue } from './foreign-value.ts'

/** A file with a value has some kilobytes. A larger file is something else. */
const maxBytes = 1024 * 1024
const othersMayWrite = 0o002n
/** Some tools delete the file before they write it anew. But deleting it is also how tools sign out. */
const missingMs = 30_000
/** For a value without an end: a file that stays unreadable must not keep it in use for ever. */
const endlessMs = 3_600_000

/** Makes the value of the text of a file. Lives in the text count from the last change of the file. */
export type ReadText = (text: string, writtenAt: number) => ForeignValue | Fault

/**
 * A file that something else writes. hallpass reads it, and never writes it. While its owner rewrites it, the last value holds until it
 * expires. While it is missing, the value holds for some seconds.
 *
 * The user named the file, and its owner may be anybody: root in a container, or a user of the host whose files a container mounts.
 * Kubernetes also leads to it by a link, which it replaces, and a volume that containers share is often open to everybody. So links
 * are followed, and neither owner nor folder is checked.
 */
export class ForeignFile {
  readonly #path: string
  readonly #readText: ReadText
  #last: ForeignValue | undefined
  /** The first fault after the last value was read. */
  #faultSince: number | undefined
  /** The last value is in use until then, because of a fault. */
  #holdsUntil: number | undefined

  /** @param path absolute, or below the home folder: `~/…` */
  constructor(path: string, readText: ReadText) {
    this.#path = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
    this.#readText = readText
  }

  /** Changes with the content, and when the value that holds without it ends. */
  stamp(now: number): string {
    const ended = this.#holdsUntil !== undefined && now >= this.#holdsUntil ? ':ended' : ''
    const stat = this.#stat()
    if (stat === undefined) {
      // Each absence has another stamp: a plan with the value that held during an earlier one must not come back.
      if (this.#last !== undefined) this.#faultSince ??= now
      return this.#faultSince === undefined ? 'none' : `none:${this.#faultSince}${ended}`
    }
    // Two changes within one tick of the clock have one stamp, so compare the content.
    const content = isRacy(stat) ? `:${hash('sha256', JSON.stringify(this.#look()))}` : ''
    return `${stampOf(stat)}${content}${ended}`
  }

  /** @returns the fault of the file, as a sentence, if there is no value */
  read(now: number): ForeignValue | string {
    const found = this.#look()
    if ('fault' in found) return this.#held(found, now) ?? this.#sentence(found)
    this.#last = found
    this.#faultSince = undefined
    this.#holdsUntil = undefined
    return found
  }

  /** The last value, if it holds in spite of the fault. The value of a tool that has signed out never holds again. */
  #held({ passing }: Fault, now: number): ForeignValue | undefined {
    const last = this.#last
    if (passing === false) this.#last = undefined
    if (last === undefined || passing === false) return undefined
    // A clock that was set back must not make the time longer.
    const since = Math.min(this.#faultSince ?? now, now)
    const endsAt = last.expiresAt ?? since + endlessMs
    this.#faultSince = since
    this.#holdsUntil = passing === 'missing' ? Math.min(since + missingMs, endsAt) : endsAt
    if (now < this.#holdsUntil) return last
    if (passing === 'missing') this.#last = undefined
    return undefined
  }

  #stat(): BigIntStats | undefined {
    try {
      return statSync(this.#path, { bigint: true })
    } catch {
      // Reading it gives the reason.
      return undefined
    }
  }

  #look(): ForeignValue | Fault {
    let fd: number
    try {
      // O_NONBLOCK, since opening a FIFO would wait for ever.
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      return unread(error)
    }
    try {
      return this.#contentOf(fd)
    } catch (error) {
      return unread(error)
    } finally {
      closeSync(fd)
    }
  }

  #contentOf(fd: number): ForeignValue | Fault {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) return { fault: 'is not a file', passing: false }
    // It may be open to a group. If everybody can write it, anybody can make hallpass act as somebody else.
    if ((stat.mode & othersMayWrite) !== 0n) return { fault: 'can be written by every user', passing: false }
    if (stat.size > maxBytes) return { fault: 'is far too large', passing: false }
    return this.#readText(readFileSync(fd, 'utf8'), Number(stat.mtimeMs))
  }

  #sentence({ fault, places = [] }: Fault): string {
    const found = places.length === 0 ? '' : `. Texts that may be a token are at ${places.join(', ')}`
    return `the file ${this.#path} ${fault}${found}`
  }
}

function unread(error: unknown): Fault {
  const errno = errnoOf(error) ?? 'for no reason given'
  const missing = errno === 'ENOENT' || errno === 'ENOTDIR'
  return { fault: `could not be read (${errno})`, passing: missing ? 'missing' : 'unreadable' }
}
