import { Secret } from '../secret.ts'
import { spelledOut } from './printable.ts'

/**
 * The second line of defence of the log. It cuts every registered value out of every line, in the spellings in which a value
 * travels: as it is, percent-encoded, JSON-escaped, and inside Base64 (Basic wraps it as `user:secret`), also percent-encoded.
 *
 * It runs for every logged request, so its cost must not grow with the number of secrets, nor its memory with their length:
 * a rolling hash over `windowLength` characters (Rabin–Karp) finds where a spelling may end, and the spelling is made only then.
 * Ends are looked for, not beginnings: thousands of tokens begin alike (`eyJhbGciOi…`), hardly two end alike.
 */
export class Scrubber {
  readonly #endsByHash = new Map<number, Set<End>>()
  readonly #bits = new Uint8Array(bitCount / 8)
  /** The least recently registered first. */
  readonly #registered = new Map<string, readonly End[]>()
  #characters = 0
  /** As `forgotten` was when the bit field was filled. */
  #filledAt = 0
  /** How many values went to make room. */
  forgotten = 0

  /**
   * Registers a value, or makes it the newest again. One shorter than `windowLength` is not searched for: it would garble
   * harmless text.
   */
  add(secret: Secret): void {
    const value = secret.reveal()
    if (value.length < windowLength || value.length > maxCharacters) return
    const known = this.#registered.get(value)
    if (known !== undefined) {
      this.#registered.delete(value)
      this.#registered.set(value, known)
      return
    }
    const ends = endsOf(value)
    this.#registered.set(value, ends)
    this.#characters += value.length
    for (const end of ends) this.#insert(end)
    while (this.#registered.size > maxSecrets || this.#characters > maxCharacters) this.#forgetOldest()
  }

  scrub(text: string): string {
    if (this.#registered.size === 0 || text.length < windowLength) return text
    const found = new Set<string>()
    let hash = 0
    for (let index = 0; index < text.length; index++) {
      hash = (Math.imul(hash, base) + text.charCodeAt(index)) | 0
      if (index >= windowLength) hash = (hash - Math.imul(text.charCodeAt(index - windowLength), leaving)) | 0
      if (index < windowLength - 1 || !this.#mayHold(hash)) continue
      for (const { text: value, spell, tail } of this.#endsByHash.get(hash) ?? []) {
        if (!text.endsWith(tail, index + 1)) continue
        const form = spell(value)
        if (text.endsWith(form, index + 1)) found.add(form)
      }
    }
    return found.size === 0 ? text : cutOut(text, [...found])
  }

  #insert(end: End): void {
    const hash = hashOf(end.tail)
    const ends = this.#endsByHash.get(hash) ?? new Set()
    this.#endsByHash.set(hash, ends.add(end))
    this.#setBit(hash)
  }

  #forgetOldest(): void {
    const oldest = this.#registered.entries().next().value
    if (oldest === undefined) return
    const [value, forgotten] = oldest
    this.#registered.delete(value)
    this.#characters -= value.length
    for (const end of forgotten) {
      const hash = hashOf(end.tail)
      const ends = this.#endsByHash.get(hash)
      ends?.delete(end)
      if (ends?.size === 0) this.#endsByHash.delete(hash)
    }
    if (++this.forgotten - this.#filledAt >= maxSecrets) this.#fillBits()
  }

  /** A bit stands for many hashes, so none can be taken back alone. */
  #fillBits(): void {
    this.#filledAt = this.forgotten
    this.#bits.fill(0)
    for (const hash of this.#endsByHash.keys()) this.#setBit(hash)
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

/** One spelling of a value, known by the characters that it ends with. */
interface End {
  /** The value as this spelling reads it: its characters, or its bytes as characters. */
  readonly text: string
  readonly spell: Spelling
  readonly tail: string
}

type Spelling = (text: string) => string

const windowLength = 6
const base = 0x01000193
const leaving = power(base, windowLength)
/** 32 KiB of bits: with the most secrets, one position in ten goes on to the map. */
const bitCount = 1 << 18
/** Cookies rotate for as long as a proxy runs; the oldest values leave, and with them the values least worth stealing. */
const maxSecrets = 2048
/** 2,048 tokens of 1 KiB. Some servers rotate cookies of 4 KiB by the hundred. */
const maxCharacters = 2 * 1024 * 1024
/** Long enough that a line meets a tail by chance only where a value's end is no random text. */
const tailLength = 24

function power(factor: number, times: number): number {
  let product = 1
  for (let count = 0; count < times; count++) product = Math.imul(product, factor)
  return product
}

/** Of the last `windowLength` characters. */
function hashOf(text: string): number {
  let hash = 0
  for (let index = text.length - windowLength; index < text.length; index++) {
    hash = (Math.imul(hash, base) + text.charCodeAt(index)) | 0
  }
  return hash
}

/** The ends of all spellings of a latin1 or Unicode value. Each is made from the end of the value alone: values can be long. */
function endsOf(value: string): End[] {
  const spellings: [text: string, spell: Spelling][] = []
  const bytes = byteTextsOf(value)
  // A path from the wire is logged as its bytes.
  for (const text of new Set([value, ...bytes])) {
    spellings.push([text, jsonInside])
    if (spelledOut(text) !== text) spellings.push([text, (all) => jsonInside(spelledOut(all))])
  }
  for (const text of bytes) {
    if (text.includes(' ')) for (const spell of formSpellings) spellings.push([text, spell])
    if (!unreserved.test(text)) for (const spell of percentSpellings) spellings.push([text, spell])
    for (const spell of base64Spellings) spellings.push([text, spell])
  }
  return spellings.flatMap(([text, spell]) => {
    const tail = spell(endOf(text)).slice(-tailLength)
    return tail.length < windowLength ? [] : [{ text, spell, tail }]
  })
}

/** The bytes of a value as latin1 text: a client writes a character above ASCII as one byte, or as UTF-8. */
function byteTextsOf(value: string): string[] {
  if (/^[\x00-\x7f]*$/.test(value)) return [value]
  return [latin1Of(value, 'latin1'), latin1Of(value, 'utf8')]
}

function latin1Of(value: string, encoding: 'latin1' | 'utf8'): string {
  return Buffer.from(value, encoding).toString('latin1')
}

/** The last characters of a text, from a place where neither a group of Base64 nor a surrogate pair is split. */
function endOf(text: string): string {
  const start = Math.max(0, Math.floor((text.length - tailLength) / 3) * 3)
  const splitsPair = /[\udc00-\udfff]/.test(text.charAt(start))
  return text.slice(splitsPair && start > 0 ? start - 1 : start)
}

const jsonInside: Spelling = (text) => JSON.stringify(text).slice(1, -1)

const unreserved = /^[A-Za-z0-9._-]*$/

/** Clients leave different characters as they are: RFC 3986 unreserved alone, `/` too (Python), as encodeURIComponent, or as a form. */
const percentSpellings = [
  /[A-Za-z0-9._~-]/,
  /[A-Za-z0-9._~/-]/,
  /[A-Za-z0-9._~!'()*-]/,
  /[A-Za-z0-9._*-]/,
].flatMap((kept) => [percentSpelling(kept, (hex) => hex.toUpperCase()), percentSpelling(kept, (hex) => hex)])

/** A form writes a blank as a plus sign. */
const formSpellings = percentSpellings.map(
  (spell): Spelling =>
    (bytes) =>
      spell(bytes).replaceAll('%20', '+'),
)

function percentSpelling(kept: RegExp, inCase: (hex: string) => string): Spelling {
  const spelled = Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte)
    return kept.test(character) ? character : `%${inCase(byte.toString(16).padStart(2, '0'))}`
  })
  return (bytes) => {
    let encoded = ''
    for (let index = 0; index < bytes.length; index++) encoded += spelled[bytes.charCodeAt(index)]
    return encoded
  }
}

/** The part of a value's Base64 that stays the same at each of the three offsets it can have inside a longer text. */
const base64Spellings = [0, 1, 2].flatMap((offset) => {
  const inside: Spelling = (bytes) => {
    const encoded = Buffer.from('\0'.repeat(offset) + bytes, 'latin1').toString('base64')
    const start = Math.ceil((offset * 4) / 3)
    return encoded.slice(start, Math.floor(((offset + bytes.length) * 4) / 3))
  }
  const instead =
    (plus: string, slash: string): Spelling =>
    (bytes) =>
      inside(bytes).replaceAll('+', plus).replaceAll('/', slash)
  return [inside, instead('-', '_'), instead('%2B', '%2F'), instead('%2b', '%2f'), instead('%2B', '/')]
})

function cutOut(text: string, forms: readonly string[]): string {
  const placeholder = String(new Secret(''))
  const longestFirst = forms.toSorted((a, b) => b.length - a.length)
  return longestFirst.reduce((line, form) => line.replaceAll(form, placeholder), text)
}
