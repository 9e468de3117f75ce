import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { HallpassError } from '../../../errors.ts'
import { maxSourceBytes, tooLarge } from '../../../formats/source.ts'
import { errnoOf } from '../../../store/own-files.ts'

/** Reads a file, or stdin for `-`, up to the largest size of a source. */
export async function readInput(file: string): Promise<Uint8Array> {
  if (file === '-') return readBounded(process.stdin)
  try {
    const handle = await open(file, constants.O_RDONLY)
    try {
      const stat = await handle.stat()
      if (stat.isDirectory()) throw new HallpassError('usage', 'it is a folder, not a file')
      if (stat.isFile() && stat.size > maxSourceBytes) throw tooLarge()
      return await readBounded(handle.createReadStream({ autoClose: false }))
    } finally {
      await handle.close()
    }
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === undefined) throw error
    throw new HallpassError(
      'failed',
      errno === 'ENOENT' ? 'there is no such file' : `it cannot be read (${errno})`,
      {
        cause: error,
      },
    )
  }
}

async function readBounded(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    const piece = Buffer.from(chunk)
    bytes += piece.length
    if (bytes > maxSourceBytes) throw tooLarge()
    chunks.push(piece)
  }
  return Buffer.concat(chunks)
}
