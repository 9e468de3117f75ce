import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type TokenSet, tokenSetOf } from '../../credentials/token-response.ts'
import { HallpassError } from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import { errnoOf } from '../../store/own-files.ts'
import { isRacy, stampOf } from '../../store/stamp.ts'

/** Some kilobytes; a larger one is not what it is said to be. */
const maxBytes = 1024 * 1024
const othersMayWrite = 0o002n

/** The file of another tool that holds its tokens: read, never written. */
export class TokenFile {
  readonly #path: string

  /** @param path absolute, or below the home folder: `~/…` */
  constructor(path: string) {
    this.#path = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
  }

  /** Differs whenever the content does. */
  stamp(): string {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return 'none'
    // Within one tick of the clock only the content tells.
    return isRacy(stat) ? `${stampOf(stat)}:${hash('sha256', this.#content() ?? '')}` : stampOf(stat)
  }

  /** @throws HallpassError `credential-missing` saying what is wrong with the file. */
  read(): TokenSet {
    const fd = this.#open()
    try {
      const stat = fstatSync(fd, { bigint: true })
      if (!stat.isFile()) throw this.#unusable('is not a file')
      // It is another tool's file, and may be open to a group; but then everybody could have us act as somebody else.
      if ((stat.mode & othersMayWrite) !== 0n) throw this.#unusable('can be written by every user')
      if (stat.size > maxBytes) throw this.#unusable('is far too large')
      const tokens = tokensIn(parseJsonObject(readFileSync(fd, 'utf8')), Number(stat.mtimeMs))
      if (tokens === undefined) throw this.#unusable('has no access_token of a bearer token in its JSON')
      return tokens
    } finally {
      closeSync(fd)
    }
  }

  #open(): number {
    try {
      // O_NONBLOCK: opening a FIFO would wait for ever.
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

/** Files of tools nest a step or two. */
const maxDepth = 5

/** The answer of a token endpoint in it: the object itself, or the first one inside that has an access_token. */
function tokensIn(value: unknown, receivedAt: number, depth = 0): TokenSet | undefined {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return undefined
  if ('access_token' in value) return tokenSetOf(value as Readonly<Record<string, unknown>>, receivedAt)
  for (const part of Object.values(value)) {
    const found = tokensIn(part, receivedAt, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
