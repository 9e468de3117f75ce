import type { Cookie } from '../cookies/cookie.ts'
import type { Source } from './source.ts'

/** A cookie as a file has it: when it came into a jar is the jar's own matter. Text is latin1, as on the wire. */
export type GivenCookie = Omit<Cookie, 'createdAt' | 'updatedAt'>

/** Keys and values in their order. Pairs and not an object: a page may name a key `__proto__`. */
export type Pairs = readonly (readonly [key: string, value: string])[]

/** The web storage of one origin. */
export interface GivenOrigin {
  /** As a browser writes it: `https://app.example.com`, `http://localhost:8080`. */
  readonly origin: string
  readonly localStorage: Pairs
  readonly sessionStorage: Pairs
  /** A database by its name, as JSON: formats/indexed-db.ts has the form. */
  readonly indexedDB: Pairs
}

/** An item that was not taken, and why. It never contains text of a value. */
export interface Skipped {
  /** `line 12`, or a path into the JSON: `cookies[3]`. */
  readonly where: string
  readonly reason: string
  /** A cookie when absent. */
  readonly what?: 'storage' | 'credential'
}

/** A cookie of a file, and its place there. */
export interface PlacedCookie {
  readonly where: string
  readonly cookie: GivenCookie
  /** A sentence for each attribute that could not be read: found-cookie.ts has the rule. */
  readonly flaws?: readonly string[]
}

export interface Reading {
  readonly cookies: readonly PlacedCookie[]
  readonly origins: readonly { readonly where: string; readonly storage: GivenOrigin }[]
  readonly skipped: readonly Skipped[]
}

export interface ReadOptions {
  readonly now: number
  /** The host that text without any of its own is about: a `Cookie:` header, a Set-Cookie line without Domain. */
  readonly host?: string | undefined
}

/** The contents to write. */
export interface Contents {
  readonly cookies: readonly GivenCookie[]
  readonly origins: readonly GivenOrigin[]
  /** For the formats that speak of one request: where it goes. */
  readonly url?: string | undefined
}

export interface Written {
  readonly bytes: Uint8Array
  /** The cookies that this format cannot hold at all. */
  readonly left: readonly Skipped[]
}

/** The attributes that a written file holds. docs/formats.md shows them, and an export lists the attributes that are lost. */
export interface Holds {
  readonly domain: boolean
  readonly path: boolean
  readonly expiry: 'milliseconds' | 'seconds' | 'none'
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: boolean
  readonly partitioned: boolean
  readonly localStorage: boolean
  readonly sessionStorage: boolean
  readonly indexedDB: boolean
  /** Of names, values and paths: `UTF-8` where the file is JSON, `no TAB` where that separates. */
  readonly bytes: 'all' | 'no TAB' | 'UTF-8'
}

/** One format a file, listed in formats.ts. Strict in what it writes, forgiving in what it reads. */
export interface Format {
  /** Whether a file is of this format, when nobody names one. */
  detects(source: Source): boolean
  /** @throws HallpassError `format-invalid` when the file as a whole is not of this format */
  read(source: Source, options: ReadOptions): Reading
  /** @param now for a format that says when it was written */
  readonly write?: (contents: Contents, now: number) => Written
  /** There when `write` is. */
  readonly holds?: Holds
}

/** One that an export can write. */
export type WrittenFormat = Format & Required<Pick<Format, 'write' | 'holds'>>
