interface Entry<V> {
  readonly value: V
  readonly bytes: number
}

/** Values by key, as many as fit into a number of bytes together. The least recently used goes first. */
export class ByteCache<K, V> {
  readonly #maxBytes: number
  /** Least recently used first. */
  readonly #entries = new Map<K, Entry<V>>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** @param bytes of the key and the value: see `roughBytes` */
  set(key: K, value: V, bytes: number): void {
    this.delete(key)
    if (bytes > this.#maxBytes) return
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.delete(oldest)
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}

/** An object with its hash or elements, or the header of a string: measured on V8, rounded up. */
const headerBytes = 32
const slotBytes = 16
/** An instance of a class hides its parts. Here it is mostly a Secret with a token. */
const opaqueBytes = 4096

/** About how much memory a value takes. Shared parts count each time, so that the sum over a cache is an upper bound. */
export function roughBytes(value: unknown): number {
  if (typeof value === 'string') return headerBytes + value.length
  if (typeof value === 'function') return opaqueBytes
  if (typeof value !== 'object' || value === null) return 0
  let bytes = headerBytes
  if (Array.isArray(value)) {
    for (const element of value) bytes += slotBytes + roughBytes(element)
    return bytes
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return opaqueBytes
  for (const part of Object.values(value)) bytes += slotBytes + roughBytes(part)
  return bytes
}
