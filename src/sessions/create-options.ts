import { didYouMean } from '../config/did-you-mean.ts'
import { HallpassError } from '../errors.ts'
import { checkName } from '../store/names.ts'
import { checkTraits, type SessionTraits, type Viewport } from '../store/session-traits.ts'
import { temporaryPrefix } from '../store/store.ts'

export interface CreateOptions {
  /** A session without a given name is temporary, with a random one. */
  readonly name?: string | undefined
  readonly ttlSeconds?: number | undefined
  /** The User-Agent of its windows. */
  readonly userAgent?: string | undefined
  /** The size of the pages of its windows, in CSS pixels. */
  readonly viewport?: Viewport | undefined
  /** The language of its windows: a BCP 47 tag, such as `de-CH`. */
  readonly locale?: string | undefined
  /** The time zone of its windows: a name of the IANA database, such as `Europe/Zurich`. */
  readonly timeZone?: string | undefined
  /** Anything to remember: at most 16 KiB as JSON. It is not sealed. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined
}

export interface CheckedOptions {
  readonly name: string | undefined
  readonly ttlSeconds: number | undefined
  readonly traits: SessionTraits
}

const optionNames: readonly string[] = [
  'name',
  'ttlSeconds',
  'userAgent',
  'viewport',
  'locale',
  'timeZone',
  'fields',
] satisfies readonly (keyof CreateOptions)[]

/** Ten years. Nobody needs more, and a Date has an end. */
const maxTtlSeconds = 10 * 366 * 86_400

/** The one check of what the command line, the admin API and programs ask for. @throws HallpassError `name-invalid`, `usage` */
export function checkCreateOptions(options: CreateOptions): CheckedOptions {
  const unknown = Object.keys(options).find((key) => !optionNames.includes(key))
  if (unknown !== undefined) {
    const near = didYouMean(unknown, optionNames)
    const guess = near === undefined ? '' : ` (did you mean "${near}"?)`
    throw new HallpassError('usage', `a session has no option ${JSON.stringify(unknown)}${guess}`)
  }
  const { name, ttlSeconds, ...traits } = options
  if (name !== undefined) checkNewName(name)
  if (ttlSeconds !== undefined) checkTtl(ttlSeconds)
  return { name, ttlSeconds, traits: checkTraits(traits) }
}

function checkNewName(name: unknown): void {
  if (typeof name !== 'string')
    throw new HallpassError('name-invalid', 'the name of a session must be a text')
  checkName('session', name)
  if (!name.startsWith(temporaryPrefix)) return
  throw new HallpassError(
    'name-invalid',
    `names that begin with "${temporaryPrefix}" are for temporary sessions`,
  )
}

function checkTtl(ttlSeconds: number): void {
  if (Number.isSafeInteger(ttlSeconds) && ttlSeconds > 0 && ttlSeconds <= maxTtlSeconds) return
  throw new HallpassError(
    'usage',
    'the life of a session must be a whole number of seconds, ten years at most',
  )
}
