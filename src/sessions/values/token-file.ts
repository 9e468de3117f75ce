import { hash } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { TokenSet } from '../../credentials/token-response.ts'
import { HallpassError } from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import { errnoOf } from '../../store/own-files.ts'
import { isRacy, stampOf } from '../../store/stamp.ts'
import { likelyPlaces, tokensIn } from './tokens-in-file.ts'

/** A token file has some kilobytes. A larger file is something else. */
const maxBytes = 1024 * 1024
const othersMayWrite = 0o002n
/** Some tools delete the file before they write it anew. But deleting it is also how tools sign out. */
const missingMs = 30_000
/** For tokens without an end: a file that stays unreadable must not keep them in use for ever. */
const endlessMs = 3_600_000

/** Why a file gives no tokens. */
interface Fault {
  readonly fault: string
  /** `unreadable`: its owner may be writing it, since it is empty or cut. `missing`: its owner may be about to write it. */
  readonly passing: 'unreadable' | 'missing' | false
  readonly places?: readonly string[]
}

/**
 * The token file of another tool. hallpass reads it, and never writes it. While the tool rewrites it, the last tokens hold until
 * they expire. While it is missing, they hold for some seconds.
 */
export class TokenFile {
  readonly #path: string
  readonly #tokenPath: string | undefined
  #last: TokenSet | undefined
  /** The first fault after the last tokens were read. */
  #faultSince: number | undefined
  /** The last tokens are in use until then, because of a fault. */
  #holdsUntil: number | undefined

  /**
   * @param path absolute, or below the home folder: `~/…`
   * @param tokenPath the place of the tokens in the JSON
   */
  constructor(path: string, tokenPath?: string) {
    this.#path = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
    this.#tokenPath = tokenPath
  }

  /** Changes with the content, and when the tokens that hold without it end. */
  stamp(now: number): string {
    const ended = this.#holdsUntil !== undefined && now >= this.#holdsUntil ? ':ended' : ''
    const stat = this.#stat()
    if (stat === undefined) {
      // Each absence has another stamp: a plan with the tokens that held during an earlier one must not come back.
      if (this.#last !== undefined) this.#faultSince ??= now
      return this.#faultSince === undefined ? 'none' : `none:${this.#faultSince}${ended}`
    }
    // Two changes within one tick of the clock have one stamp, so compare the content.
    const content = isRacy(stat) ? `:${hash('sha256', JSON.stringify(this.#look()))}` : ''
    return `${stampOf(stat)}${content}${ended}`
  }

  /** @throws HallpassError `credential-missing`, which names the fault of the file */
  read(now: number): TokenSet {
    const found = this.#look()
    if ('fault' in found) {
      const held = this.#held(found, now)
      if (held === undefined) throw this.#error(found)
      return held
    }
    this.#last = found
    this.#faultSince = undefined
    this.#holdsUntil = undefined
    return found
  }

  /** The last tokens, if they hold in spite of the fault. Tokens of a tool that has signed out never hold again. */
  #held({ passing }: Fault, now: number): TokenSet | undefined {
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

  #look(): TokenSet | Fault {
    let fd: number
    try {
      // O_NONBLOCK, since opening a FIFO would wait for ever.
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      return unread(error)
    }
    try {
      return this.#tokensOf(fd)
    } catch (error) {
      return unread(error)
    } finally {
      closeSync(fd)
    }
  }

  #tokensOf(fd: number): TokenSet | Fault {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) return { fault: 'is not a file', passing: false }
    // The file of another tool may be open to a group. If everybody can write it, anybody can make hallpass act as somebody else.
    if ((stat.mode & othersMayWrite) !== 0n) return { fault: 'can be written by every user', passing: false }
    if (stat.size > maxBytes) return { fault: 'is far too large', passing: false }
    const json = parseJsonObject(readFileSync(fd, 'utf8'))
    if (json === undefined)
      return { fault: 'contains no bearer token: it is empty or not whole JSON', passing: 'unreadable' }
    const tokens = tokensIn(json, this.#tokenPath, Number(stat.mtimeMs))
    if (tokens !== undefined) return tokens
    // Whole JSON without a token: the tool has signed out.
    const where =
      this.#tokenPath === undefined
        ? 'no usable access_token in its JSON'
        : `nothing usable at ${this.#tokenPath}`
    return { fault: `contains no bearer token: ${where}`, passing: false, places: likelyPlaces(json) }
  }

  #error({ fault, places = [] }: Fault): HallpassError {
    const found = places.length === 0 ? '' : `. Texts that may be a token are at ${places.join(', ')}`
    return new HallpassError('credential-missing', `the token file ${this.#path} ${fault}${found}`)
  }
}

function unread(error: unknown): Fault {
  const errno = errnoOf(error) ?? 'for no reason given'
  const missing = errno === 'ENOENT' || errno === 'ENOTDIR'
  return { fault: `could not be read (${errno})`, passing: missing ? 'missing' : 'unreadable' }
}
