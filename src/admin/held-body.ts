import type { MiddlewareHandler } from 'hono'
import { HallpassError } from '../errors.ts'

const mebibyte = 1024 * 1024

/** All bodies together: one import of the largest size. Reading it takes several times its bytes. */
const maxHeldBytes = 80 * mebibyte

/** The bytes of bodies that the requests of one app hold. */
export class HeldBytes {
  #held = 0

  take(bytes: number): void {
    if (this.#held + bytes > maxHeldBytes) {
      throw new HallpassError('busy', 'the bodies of other requests fill the memory: try again')
    }
    this.#held += bytes
  }

  give(bytes: number): void {
    this.#held -= bytes
  }
}

/** Reads the whole body before the route does, and refuses a large one: by its length, or at the byte that is too much. */
export function heldBody(all: HeldBytes, maxBytes: number): MiddlewareHandler {
  return async (context, next) => {
    const { raw } = context.req
    if (raw.body === null) return next()
    if (Number(context.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
    const chunks: Uint8Array[] = []
    let bytes = 0
    try {
      for await (const chunk of raw.body) {
        if (bytes + chunk.byteLength > maxBytes) throw tooLarge(maxBytes)
        all.take(chunk.byteLength)
        bytes += chunk.byteLength
        chunks.push(chunk)
      }
      // Here the framework keeps the bodies that it has read. A new Request would copy the bytes again.
      Object.assign(context.req.bodyCache, { arrayBuffer: Promise.resolve(joined(chunks.splice(0), bytes)) })
      await next()
    } finally {
      all.give(bytes)
    }
  }
}

function tooLarge(maxBytes: number): HallpassError {
  const most = maxBytes < mebibyte ? `${maxBytes / 1024} KiB` : `${maxBytes / mebibyte} MiB`
  return new HallpassError('body-too-large', `the body is too large: this route takes ${most}`)
}

function joined(chunks: readonly Uint8Array[], bytes: number): ArrayBuffer {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole.buffer
}
