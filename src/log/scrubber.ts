import { Secret } from '../secret.ts'
import { spelledOut } from './wire-text.ts'

/**
 * The second line of defence of the log: whatever was registered is cut out of every line, in the spellings in which
 * a value travels: as it is, percent-encoded, JSON-escaped, and inside Base64 (Basic wraps it as `user:secret`).
 *
 * Runs for every logged request, so its cost must not grow with the number of secrets: a rolling hash over a window of
 * `windowLength` characters, looked up in a bit field first (Rabin–Karp).
 */
export class Scrubber {
  readonly #formsByHash = new Map<number, Set<string>>()
  readonly #bits = new Uint8Array(bitCount / 8)
  /** The spellings of each registered value; insertion order is age. */
  readonly #registered = new Map<string, readonly string[]>()

  /** Registers a value. One shorter than `windowLength` is not searched for: it would garble harmless text. */
  add(secret: Secret): void {
    const value = secret.reveal()
    if (value.length < windowLength || this.#registered.has(value)) return
    if (this.#registered.size >= maxSecrets) this.#forgetOldest()
    const forms = spellings(value)
    this.#registered.set(value, forms)
    for (const form of forms) this.#insert(form)
  }

  scrub(text: string): string {
    if (this.#registered.size === 0 || text.length < windowLength) return text
    let found: string[] | undefined
    let hash = 0
    for (let index = 0; index < text.length; index++) {
      hash = (Math.imul(hash, base) + text.charCodeAt(index)) | 0
      if (index >= windowLength) hash = (hash - Math.imul(text.charCodeAt(index - windowLength), leaving)) | 0
      if (index < windowLength - 1 || !this.#mayHold(hash)) continue
      const start = index - windowLength + 1
      for (const form of this.#formsByHash.get(hash) ?? []) {
        if (text.startsWith(form, start)) found = [...(found ?? []), form]
      }
    }
    return found === undefined ? text : cutOut(text, found)
  }

  #insert(form: string): void {
    const hash = hashOf(form)
    const forms = this.#formsByHash.get(hash) ?? new Set()
    this.#formsByHash.set(hash, forms.add(form))
    this.#setBit(hash)
  }

  #forgetOldest(): void {
    const oldest = this.#registered.entries().next().value
    if (oldest === undefined) return
    this.#registered.delete(oldest[0])
    for (const form of oldest[1]) {
      const hash = hashOf(form)
      const forms = this.#formsByHash.get(hash)
      forms?.delete(form)
      if (forms?.size === 0) this.#formsByHash.delete(hash)
    }
  }

  #setBit(hash: number): void {
    const bit = (hash ^ (hash >>> 16)) & (bitCount - 1)
    this.#bits[bit >> 3] = (this.#bits[bit >> 3] ?? 0) | (1 << (bit & 7))
  }

  #mayHold(hash: number): boolean {
    const bit = (hash ^ (hash >>> 16)) & (bitCount - 1)
    return ((this.#bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
  }
}

const windowLength = 6
const base = 0x01000193
const leaving = power(base, windowLength)
/** 32 KiB of bits: with the most secrets, one position in ten goes on to the map. */
const bitCount = 1 << 18
/** Cookies rotate for as long as a proxy runs; the oldest values leave, and with them the values least worth stealing. */
const maxSecrets = 2048

function power(factor: number, times: number): number {
  let product = 1
  for (let count = 0; count < times; count++) product = Math.imul(product, factor)
  return product
}

function hashOf(form: string): number {
  let hash = 0
  for (let index = 0; index < windowLength; index++) {
    hash = (Math.imul(hash, base) + form.charCodeAt(index)) | 0
  }
  return hash
}

/** The spellings of a latin1 or Unicode value that can be met in a log line, each at least `windowLength` long. */
function spellings(value: string): string[] {
  // Only as JSON writes them: a value with a quote in it, searched raw, would match the syntax of the line.
  const forms = new Set([jsonInside(value), jsonInside(spelledOut(value))])
  for (const encoding of ['latin1', 'utf8'] as const) {
    const bytes = Buffer.from(value, encoding)
    for (const kept of percentKept) {
      forms.add(percentEncoded(bytes, kept, 'upper'))
      forms.add(percentEncoded(bytes, kept, 'lower'))
    }
    for (const form of base64Inside(bytes)) {
      forms.add(form)
      forms.add(form.replaceAll('+', '-').replaceAll('/', '_'))
    }
  }
  return [...forms].filter((form) => form.length >= windowLength)
}

/** What clients leave as it is: RFC 3986 unreserved alone, with `/` (Python's quote), or what encodeURIComponent leaves. */
const percentKept = [/[A-Za-z0-9._~-]/, /[A-Za-z0-9._~/-]/, /[A-Za-z0-9._~!'()*-]/]

function percentEncoded(bytes: Buffer, kept: RegExp, hexCase: 'upper' | 'lower'): string {
  const encoded = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    if (kept.test(character)) return character
    const hex = byte.toString(16).padStart(2, '0')
    return `%${hexCase === 'upper' ? hex.toUpperCase() : hex}`
  })
  return encoded.join('')
}

function jsonInside(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** What stays the same of a value's Base64 at each of the three offsets it can have inside a longer text. */
function base64Inside(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const start = Math.ceil((offset * 4) / 3)
    return encoded.slice(start, Math.floor(((offset + bytes.length) * 4) / 3))
  })
}

function cutOut(text: string, forms: readonly string[]): string {
  const placeholder = String(new Secret(''))
  const longestFirst = forms.toSorted((a, b) => b.length - a.length)
  return longestFirst.reduce((line, form) => line.replaceAll(form, placeholder), text)
}
