import { didYouMean } from '../config/did-you-mean.ts'
import { HallpassError } from '../errors.ts'
import { checkName } from '../store/names.ts'
import { checkTraits, type SessionTraits, type Viewport } from '../store/session-traits.ts'
import { temporaryPrefix } from '../store/store.ts'

export interface CreateOptions {
  /** A session without a given name is temporary, with a random one. */
  readonly name?: string | undefined
  /** Its life after its last use. By default a named session does not expire, and `sessionTtl` says how long a temporary one lives. */
  readonly ttlSeconds?: number | undefined
  /** false: its life begins when it is made, and no use makes it longer. By default `sessionRenewal` decides. */
  readonly renew?: boolean | undefined
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
  readonly renew: boolean | undefined
  readonly traits: SessionTraits
}

const optionNames: readonly string[] = [
  'name',
  'ttlSeconds',
  'renew',
  'userAgent',
  'viewport',
  'locale',
  'timeZone',
  'fields',
] satisfies readonly (keyof CreateOptions)[]

/** Ten years. Nobody needs more, and a Date has an end. */
export const maxTtlSeconds = 10 * 366 * 86_400

/** The one check of what the command line, the admin API and programs ask for. @throws HallpassError `name-invalid`, `usage` */
export function checkCreateOptions(options: CreateOptions): CheckedOptions {
  const unknown = Object.keys(options).find((key) => !optionNames.includes(key))
  if (unknown !== undefined) {
    const near = didYouMean(unknown, optionNames)
    const guess = near === undefined ? '' : ` (did you mean "${near}"?)`
    throw new HallpassError('usage', `a session has no option ${JSON.stringify(unknown)}${guess}`)
  }
  const { name, ttlSeconds, renew, ...traits } = options
  if (name !== undefined) checkNewName(name)
  if (ttlSeconds !== undefined) checkSeconds('the life of a session', ttlSeconds)
  if (renew !== undefined && typeof renew !== 'boolean')
    throw new HallpassError('usage', 'renew must be true or false')
  if (renew !== undefined && name !== undefined && ttlSeconds === undefined) {
    throw new HallpassError('usage', 'a named session without a time to live has nothing to renew', {
      hint: `hallpass session create ${name} --ttl 2h --no-renew`,
    })
  }
  return { name, ttlSeconds, renew, traits: checkTraits(traits) }
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

/** @throws HallpassError `usage` */
export function checkSeconds(what: string, seconds: unknown): void {
  if (Number.isSafeInteger(seconds) && Number(seconds) > 0 && Number(seconds) <= maxTtlSeconds) return
  throw new HallpassError('usage', `${what} must be a whole number of seconds, ten years at most`)
}
