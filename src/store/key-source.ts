import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { HallpassError } from '../errors.ts'
import type { Home } from './home.ts'
import { dataKey, formatKeyFile, keyInvalid, parseRawKey, storeKey } from './key-file.ts'
import { checkOwn, hasErrno, readOwnFile } from './own-files.ts'

/** The place of the key file: the state folder, or the path in a variable. */
export interface KeySource {
  readonly file: string
  /** The variable with the path; undefined for the state folder's own file. */
  readonly variable: 'HALLPASS_KEY_FILE' | 'AI_ENCRYPTION_KEY_PATH' | undefined
}

const maxKeyFileBytes = 1024n * 1024n

export function keySource(home: Home, env: NodeJS.ProcessEnv): KeySource {
  for (const variable of ['HALLPASS_KEY_FILE', 'AI_ENCRYPTION_KEY_PATH'] as const) {
    const file = env[variable]
    if (file) return { file: resolve(file), variable }
  }
  return { file: home.keyFile, variable: undefined }
}

/** Checks owner and mode, and reads the key file; undefined without one. */
export function readKeySource(source: KeySource, home: Home): string | undefined {
  if (source.variable === undefined) return readOwnFile(source.file, home.root)?.text
  const bytes = readPrivateFile(source.file)
  if (bytes === undefined) return undefined
  if (bytes[0] === 0x7b /* { */ && bytes.length > 64) return bytes.toString('utf8')
  const raw = parseRawKey(bytes)
  if (raw === undefined) throw keyInvalid(source.file)
  const key = dataKey(raw, '')
  return formatKeyFile({ protection: { kind: 'file' }, current: key.kid, keys: [storeKey(key, undefined)] })
}

export function statKeySource(source: KeySource): BigIntStats | undefined {
  const options = { bigint: true, throwIfNoEntry: false } as const
  return source.variable === undefined ? lstatSync(source.file, options) : statSync(source.file, options)
}

/**
 * Reads a secret that the user keeps outside the state folder. It follows links, because containers mount secrets through them, and
 * root may own the file. Other users must not be able to read it.
 */
export function readPrivateFile(file: string): Buffer | undefined {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw new HallpassError('state-unsafe', `${file} cannot be opened`, { cause: error })
  }
  try {
    const stat = fstatSync(fd, { bigint: true })
    if (stat.uid === 0n && process.getuid) stat.uid = BigInt(process.getuid())
    checkOwn(file, stat, 'file')
    if (stat.size > maxKeyFileBytes) throw keyInvalid(file)
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}
