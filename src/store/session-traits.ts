import { isDeepStrictEqual } from 'node:util'
import { HallpassError } from '../errors.ts'
import { isObject } from '../json.ts'

/** The size of a page in CSS pixels. */
export interface Viewport {
  readonly width: number
  readonly height: number
}

/** The browser that a session is for, and the notes of its owner. They are not sealed. */
export interface SessionTraits {
  /** The User-Agent of its windows. */
  readonly userAgent?: string
  /** The size of the pages of its windows. */
  readonly viewport?: Viewport
  /** The language of its windows: a BCP 47 tag, such as `de-CH`. */
  readonly locale?: string
  /** The time zone of its windows: a name of the IANA database, such as `Europe/Zurich`. */
  readonly timeZone?: string
  /** Anything that its owner wants to remember: at most 16 KiB as JSON. */
  readonly fields?: Readonly<Record<string, unknown>>
}

type Trait = keyof SessionTraits

/** The traits among the members of an object, checked. A trait that is undefined does not count. @throws HallpassError `usage` */
export function checkTraits(given: Readonly<Partial<Record<Trait, unknown>>>): SessionTraits {
  const traits: Partial<Record<Trait, unknown>> = {}
  for (const name of traitNames) {
    if (given[name] !== undefined) traits[name] = checks[name](given[name])
  }
  return traits as SessionTraits
}

const checks: { readonly [Name in Trait]: (value: unknown) => NonNullable<SessionTraits[Name]> } = {
  // Attack: a line break in it would begin another header.
  userAgent: (value) => {
    if (typeof value === 'string' && /^[!-~]([ -~]{0,510}[!-~])?$/.test(value)) return value
    throw refused('the user agent must be 1 to 512 printable ASCII characters')
  },
  viewport: (value) => {
    const { width, height, ...more } = isObject(value) ? value : {}
    if (isPixels(width) && isPixels(height) && Object.keys(more).length === 0) return { width, height }
    throw refused(`the viewport must have a width and a height of 1 to ${maxPixels} pixels`)
  },
  locale: (value) => {
    const locale = typeof value === 'string' && value.length <= 100 ? canonicalLocale(value) : undefined
    if (locale !== undefined) return locale
    throw refused('the locale must be one BCP 47 tag, such as en-GB')
  },
  timeZone: (value) => {
    const zone = typeof value === 'string' && value.length <= 100 ? knownTimeZone(value) : undefined
    if (zone !== undefined) return zone
    throw refused('the time zone must be a name of the IANA database, such as Europe/Berlin')
  },
  fields: (value) => {
    const text = isObject(value) ? jsonOf(value) : undefined
    if (text === undefined) throw refused('the fields must be a JSON object')
    if (Buffer.byteLength(text) > maxFieldsBytes) throw refused('the fields must have at most 16 KiB as JSON')
    const fields = JSON.parse(text) as Readonly<Record<string, unknown>>
    // Attack: `__proto__` as a key of an object reaches its prototype (CVE-2023-26136).
    const bad = Object.keys(fields).find((key) => key === '' || key in {})
    if (bad !== undefined) throw refused(`${JSON.stringify(bad)} cannot be the name of a field`)
    return fields
  },
}

export const traitNames = Object.keys(checks) as readonly Trait[]

/** More than any screen has. */
const maxPixels = 16_384

/** Every look at a session reads its fields. */
const maxFieldsBytes = 16_384

function isPixels(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= maxPixels
}

function canonicalLocale(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}

function knownTimeZone(name: string): string | undefined {
  // Intl also takes an offset, and browsers do not.
  if (!/^[a-z]/i.test(name)) return undefined
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions()
    // The name of a file, so its case matters. Another name of the zone stays.
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name
  } catch {
    return undefined
  }
}

/** undefined for a value that JSON would change. */
function jsonOf(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value)
    return isDeepStrictEqual(JSON.parse(text), value) ? text : undefined
  } catch {
    return undefined
  }
}

function refused(message: string): HallpassError {
  return new HallpassError('usage', message)
}
