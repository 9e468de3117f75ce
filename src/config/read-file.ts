import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { HallpassError } from '../errors.ts'
import { quotedWord } from '../quoted-word.ts'

/** People write a configuration by hand. A larger file is something else. */
const maxFileBytes = 1024 * 1024

/**
 * The text of a configuration file; undefined without one. It follows a symbolic link, because people keep their configuration in one
 * place and link it. Attack: another user who can write the file sends a credential to a host of their own.
 */
export function readConfigFile(path: string): string | undefined {
  const fd = open(path)
  if (fd === undefined) return undefined
  try {
    const stat = fstatSync(fd)
    if (stat.isDirectory()) throw new HallpassError('config-invalid', `${path}: this is a folder`)
    const user = process.getuid?.()
    if (stat.isFile() && user !== undefined) {
      if (user !== 0 && stat.uid !== user && stat.uid !== 0) {
        throw new HallpassError('state-unsafe', `${path} belongs to another user (uid ${stat.uid})`)
      }
      if ((stat.mode & 0o002) !== 0) {
        throw new HallpassError('state-unsafe', `${path} can be written by every user`, {
          hint: `chmod o-w ${quotedWord(path)}`,
        })
      }
    }
    if (stat.size > maxFileBytes)
      throw new HallpassError('config-invalid', `${path}: this is larger than 1 MiB`)
    return decode(path, readFileSync(fd))
  } finally {
    closeSync(fd)
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new HallpassError('config-invalid', `${path}: it cannot be read (${code})`, { cause: error })
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HallpassError('config-invalid', `${path}: the file is not UTF-8`)
  }
}
