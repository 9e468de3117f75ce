import { HallpassError } from '../errors.ts'
import { jsonFlaw } from './json-flaw.ts'
import { latin1Of, toWire } from './latin1.ts'

/** More is no file of cookies; everything is held in memory while it is checked. A HAR of a long visit is some 50 MB. */
export const maxSourceBytes = 64 * 1024 * 1024

/** The content of a file, as text of bytes and as JSON. */
export class Source {
  /** The bytes, one character each; of UTF-16 the bytes that UTF-8 would have. Without a byte order mark. */
  readonly latin1: string
  /** Whether the bytes are text of one encoding throughout. Where they are not, single values may be unreadable. */
  readonly wellEncoded: boolean
  readonly #text: string
  #lines: readonly string[] | undefined
  #json: { readonly value: unknown } | { readonly flaw: string } | undefined

  /** @throws HallpassError `format-invalid` */
  constructor(bytes: Uint8Array) {
    if (bytes.byteLength > maxSourceBytes) throw tooLarge()
    const encoding = encodingOf(bytes)
    const decoder = new TextDecoder(encoding)
    this.#text = decoder.decode(bytes)
    this.wellEncoded = isWellEncoded(bytes, encoding)
    this.latin1 = encoding === 'utf-8' ? latin1Of(withoutMark(bytes)) : toWire(this.#text)
    if (this.latin1.startsWith('SQLite format 3\0')) {
      const engine = this.latin1.includes('moz_') ? 'firefox' : 'chrome'
      throw new HallpassError('format-invalid', 'it is the database of a browser, not an exported file', {
        hint: `hallpass import --format ${engine} FILE`,
      })
    }
  }

  get lines(): readonly string[] {
    this.#lines ??= this.latin1.split(/\r\n|\n|\r/)
    return this.#lines
  }

  /** The JSON of it. The flaw says where and what, and quotes nothing. */
  get json(): { readonly value: unknown } | { readonly flaw: string } {
    this.#json ??= this.#parse()
    return this.#json
  }

  #parse(): { readonly value: unknown } | { readonly flaw: string } {
    try {
      return { value: JSON.parse(this.#text) }
    } catch {
      // The engine's own message quotes the text around the place, which may be a secret.
      return { flaw: jsonFlaw(this.#text) }
    }
  }
}

/** @throws HallpassError `format-invalid` saying where it stops being JSON */
export function jsonOf({ json }: Source): unknown {
  if ('flaw' in json) throw formatInvalid(json.flaw)
  return json.value
}

export function tooLarge(): HallpassError {
  return formatInvalid(`it is larger than ${maxSourceBytes / 1024 / 1024} MiB`)
}

export function formatInvalid(reason: string): HallpassError {
  return new HallpassError('format-invalid', reason)
}

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  // Windows PowerShell's `>` writes UTF-16 with a mark.
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return 'utf-8'
}

function isWellEncoded(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}
