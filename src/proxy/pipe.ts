import { Socket } from 'node:net'

/**
 * Two ends in memory that behave like the two ends of a TCP connection: what is written to one is read from the other, a slow
 * reader slows its writer, each half closes by itself, and an error at one end reaches the other as it is.
 */
export function pipe(): readonly [Socket, Socket] {
  const ends = [new PipeEnd(), new PipeEnd()] as const
  ends[0].other = ends[1]
  ends[1].other = ends[0]
  return ends
}

class PipeEnd extends Socket {
  other: PipeEnd | undefined
  /** Lets the writer of the other end go on. */
  #taken: (() => void) | undefined
  #ended = false

  constructor() {
    super({ allowHalfOpen: true })
  }

  override _read(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.()
  }

  override _write(chunk: Written, encoding: BufferEncoding, callback: (error?: Error) => void): void {
    this.#pass(copyOf({ chunk, encoding }), callback)
  }

  override _writev(
    chunks: readonly { readonly chunk: Written; readonly encoding: BufferEncoding }[],
    callback: (error?: Error) => void,
  ): void {
    this.#pass(Buffer.concat(chunks.map(copyOf)), callback)
  }

  override _final(callback: (error?: Error) => void): void {
    this.#ended = true
    this.#pass(null, callback)
  }

  /** In a step of its own: otherwise the reader would run, and answer, in the middle of the writer's work. */
  #pass(bytes: Buffer | null, callback: (error?: Error) => void): void {
    process.nextTick(() => {
      const { other } = this
      if (other === undefined || other.destroyed) callback(reset())
      else if (bytes === null) {
        other.push(null)
        callback()
      } else {
        other.#taken = callback
        other.push(bytes)
      }
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { other } = this
    // After a whole stream the other end still reads what is there.
    if (error !== null || !this.#ended) other?.destroy(error ?? reset())
    this._read()
    super._destroy(error, callback)
  }

  override resetAndDestroy(): this {
    return this.destroy(reset())
  }

  // Memory keeps no process alive. Those of net.Socket would wait for a connect, with a listener for each call.
  override ref(): this {
    return this
  }

  override unref(): this {
    return this
  }
}

/** net.Socket leaves the encoding of text to its handle. */
type Written = Buffer | string

/** A copy, because the proxy uses the buffers of its reads again after the callback. */
function copyOf({ chunk, encoding }: { readonly chunk: Written; readonly encoding: BufferEncoding }): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk)
}

function reset(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' })
}
