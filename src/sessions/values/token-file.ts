import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
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

/** Why a file gives no tokens. */
interface Fault {
  readonly fault: string
  /** Its owner may be writing it: the file is empty, cut or missing. */
  readonly passing: boolean
  readonly places?: readonly string[]
}

/**
 * The token file of another tool. hallpass reads it, and never writes it. While the tool rewrites it, the last tokens hold until
 * they expire.
 */
export class TokenFile {
  readonly #path: string
  readonly #tokenPath: string | undefined
  #last: TokenSet | undefined
  /** The last tokens are in use, since the file is not readable. */
  #holds = false

  /**
   * @param path absolute, or below the home folder: `~/…`
   * @param tokenPath the place of the tokens in the JSON
   */
  constructor(path: string, tokenPath?: string) {
    this.#path = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
    this.#tokenPath = tokenPath
  }

  /** Changes with the content, and when the tokens that hold without it expire. */
  stamp(now: number): string {
    const ended = this.#holds && !isLive(this.#last, now) ? ':ended' : ''
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return `none${ended}`
    // Two changes within one tick of the clock have one stamp, so compare the content.
    const content = isRacy(stat) ? `:${hash('sha256', JSON.stringify(this.#look()))}` : ''
    return `${stampOf(stat)}${content}${ended}`
  }

  /** @throws HallpassError `credential-missing`, which names the fault of the file */
  read(now: number): TokenSet {
    const found = this.#look()
    this.#holds = 'fault' in found && found.passing && isLive(this.#last, now)
    if (this.#holds && this.#last !== undefined) return this.#last
    if ('fault' in found) throw this.#error(found)
    this.#last = found
    return found
  }

  #look(): TokenSet | Fault {
    let fd: number
    try {
      // O_NONBLOCK, since opening a FIFO would wait for ever.
      fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      return { fault: `could not be read (${errnoOf(error) ?? 'for no reason given'})`, passing: true }
    }
    try {
      return this.#tokensOf(fd)
    } catch (error) {
      return { fault: `could not be read (${errnoOf(error) ?? 'for no reason given'})`, passing: true }
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
      return { fault: 'contains no bearer token: it is empty or not whole JSON', passing: true }
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

function isLive(tokens: TokenSet | undefined, now: number): boolean {
  return tokens !== undefined && now < (tokens.expiresAt ?? Number.POSITIVE_INFINITY)
}
