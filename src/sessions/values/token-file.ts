import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type TokenSet, tokenSetOf } from '../../credentials/token-response.ts'
import { HallpassError } from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import { errnoOf } from '../../store/own-files.ts'
import { isRacy, stampOf } from '../../store/stamp.ts'

/** A token file has some kilobytes. A larger file is something else. */
const maxBytes = 1024 * 1024
const othersMayWrite = 0o002n

/** The token file of another tool. hallpass reads it, and never writes it. */
export class TokenFile {
  readonly #path: string

  /** @param path absolute, or below the home folder: `~/…` */
  constructor(path: string) {
    this.#path = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
  }

  /** Changes with the content. */
  stamp(): string {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return 'none'
    // Two changes within one tick of the clock have one stamp, so compare the content.
    return isRacy(stat) ? `${stampOf(stat)}:${hash('sha256', this.#content() ?? '')}` : stampOf(stat)
  }

  /** @throws HallpassError `credential-missing`, which names the fault of the file */
  read(): TokenSet {
    const fd = this.#open()
    try {
      const stat = fstatSync(fd, { bigint: true })
      if (!stat.isFile()) throw this.#unusable('is not a file')
      // The file of another tool may be open to a group. If everybody can write it, anybody can make hallpass act as somebody else.
      if ((stat.mode & othersMayWrite) !== 0n) throw this.#unusable('can be written by every user')
      if (stat.size > maxBytes) throw this.#unusable('is far too large')
      const tokens = tokensIn(parseJsonObject(readFileSync(fd, 'utf8')), Number(stat.mtimeMs))
      if (tokens === undefined)
        throw this.#unusable('contains no bearer token: no usable access_token in its JSON')
      return tokens
    } finally {
      closeSync(fd)
    }
  }

  #open(): number {
    try {
      // O_NONBLOCK, since opening a FIFO would wait for ever.
      return openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      throw this.#unusable(`could not be read (${errnoOf(error) ?? 'for no reason given'})`)
    }
  }

  #content(): string | undefined {
    try {
      return JSON.stringify(this.read())
    } catch {
      return undefined // `read` says why
    }
  }

  #unusable(what: string): HallpassError {
    return new HallpassError('credential-missing', `the token file ${this.#path} ${what}`)
  }
}

/** The files of tools nest one or two levels deep. */
const maxDepth = 5

/** The token answer in a file: the object itself, or the first object inside that has an access_token. */
function tokensIn(value: unknown, receivedAt: number, depth = 0): TokenSet | undefined {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return undefined
  if ('access_token' in value) return tokenSetOf(value as Readonly<Record<string, unknown>>, receivedAt)
  for (const part of Object.values(value)) {
    const found = tokensIn(part, receivedAt, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
