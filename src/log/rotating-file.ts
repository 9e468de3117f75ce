import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const logFileName = 'hallpass.log'
/** `hallpass.2026-11-21T07-40-00-123Z-4711.log`: the order of names is the order of time. */
const rotatedName = /^hallpass\.\d{4}-\d\d-\d\dT[\d-]+Z-\d+\.log$/

export interface RotatingFileOptions {
  readonly folder: string
  /** A file of this size is set aside. */
  readonly maxFileBytes?: number
  /** The number of files set aside that are kept. */
  readonly keepFiles?: number
}

/** The log files of a folder, oldest first. */
export function logFiles(folder: string): string[] {
  const names = readdirSync(folder)
  const rotated = names.filter((name) => rotatedName.test(name)).sort()
  const current = names.includes(logFileName) ? [logFileName] : []
  return [...rotated, ...current].map((name) => join(folder, name))
}

/**
 * Appends lines to `hallpass.log`, buffered, in the background. Several processes may write to one folder. It never throws
 * into the proxy: a line that cannot be written (a full disk) is dropped and counted, and the count is written when there is
 * room again.
 */
export class RotatingFile {
  readonly #folder: string
  readonly #path: string
  readonly #maxFileBytes: number
  readonly #keepFiles: number
  readonly #timer: NodeJS.Timeout
  readonly #atExit = () => this.#writeNow()
  /** Lines become bytes at once: kept strings would cost the garbage collector more than all the rest. */
  #filling = Buffer.allocUnsafeSlow(chunkBytes)
  #filled = 0
  /** Full chunks that wait. While `#busy`, the first of them is being written. */
  #waiting: Buffer[] = []
  #busy = false
  #idle: Promise<void> = Promise.resolve()
  #fd: number | undefined
  #inode = 0n
  #fileBytes = 0
  #dropped = 0
  #torn = false

  constructor(options: RotatingFileOptions) {
    this.#folder = options.folder
    this.#path = join(options.folder, logFileName)
    this.#maxFileBytes = options.maxFileBytes ?? 8 * 1024 * 1024
    this.#keepFiles = options.keepFiles ?? 4
    this.#timer = setInterval(() => this.#flush(), flushEveryMs)
    this.#timer.unref()
    process.on('exit', this.#atExit)
  }

  /** Takes one line with its newline. */
  write(line: string): void {
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    if (this.#filled + line.length * 3 > chunkBytes) {
      this.#cut()
      this.#flush()
      if (this.#waiting.length > maxWaitingChunks || line.length * 3 > chunkBytes) {
        this.#dropped++
        return
      }
    }
    this.#filled += this.#filling.write(line, this.#filled, 'utf8')
  }

  /** Writes the pending lines and closes the file. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    process.off('exit', this.#atExit)
    await this.#idle
    this.#writeNow()
    // Once more, because the first call may have added the count of dropped lines.
    this.#writeNow()
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  /** Ends the chunk that is being filled. */
  #cut(): void {
    if (this.#filled === 0) return
    this.#waiting.push(this.#filling.subarray(0, this.#filled))
    this.#filling = Buffer.allocUnsafeSlow(chunkBytes)
    this.#filled = 0
  }

  #flush(): void {
    if (this.#busy) return
    this.#cut()
    if (this.#waiting.length === 0) return
    this.#busy = true
    this.#idle = this.#writeWaiting().finally(() => {
      this.#busy = false
    })
  }

  async #writeWaiting(): Promise<void> {
    for (let chunk = this.#waiting[0]; chunk !== undefined; chunk = this.#waiting[0]) {
      let from = 0
      try {
        const fd = this.#ready()
        while (from < chunk.length) from += (await writeAsync(fd, chunk, from)).bytesWritten
        this.#wrote(chunk)
      } catch {
        this.#failed(chunk, from)
      }
      this.#waiting.shift()
    }
  }

  /** For the end of the process, when asynchronous code no longer runs. */
  #writeNow(): void {
    this.#cut()
    // The kernel has the first chunk already.
    const chunks = this.#waiting.splice(this.#busy ? 1 : 0)
    for (const chunk of chunks) {
      let from = 0
      try {
        const fd = this.#ready()
        while (from < chunk.length) from += writeSync(fd, chunk, from)
        this.#wrote(chunk)
      } catch {
        this.#failed(chunk, from)
      }
    }
  }

  #wrote(chunk: Buffer): void {
    this.#fileBytes += chunk.length
    this.#torn = false
    if (this.#dropped === 0) return
    const line = {
      level: 'warn',
      time: new Date().toISOString(),
      dropped: this.#dropped,
      msg: 'lines could not be written',
    }
    this.#dropped = 0
    this.write(`${JSON.stringify(line)}\n`)
  }

  #failed(chunk: Buffer, written: number): void {
    this.#dropped += chunk.subarray(written).toString('latin1').split('\n').length - 1
    // The file ends with half a line, and the next line must not continue it.
    this.#torn ||= written > 0
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  /** The descriptor of the log file. Opens, reopens or rotates it when needed. */
  #ready(): number {
    if (this.#fd !== undefined && this.#isCurrent()) {
      if (this.#fileBytes < this.#maxFileBytes) return this.#fd
      this.#setAside()
    }
    const fd = this.#open()
    if (this.#torn) writeSync(fd, '\n')
    return fd
  }

  /** Whether the open file still has its name: another process may have rotated it, or a person removed it. */
  #isCurrent(): boolean {
    return statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode
  }

  #open(): number {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    // O_NOFOLLOW: through a planted symlink, the log would overwrite another file.
    const flags =
      constants.O_WRONLY |
      constants.O_APPEND |
      constants.O_CREAT |
      constants.O_NOFOLLOW |
      constants.O_NONBLOCK
    const fd = openSync(this.#path, flags, 0o600)
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) {
      closeSync(fd)
      throw new Error(`${this.#path} is not a file`)
    }
    if ((stat.mode & 0o077n) !== 0n) fchmodSync(fd, 0o600)
    this.#fd = fd
    this.#inode = stat.ino
    this.#fileBytes = Number(stat.size)
    return fd
  }

  #setAside(): void {
    const time = new Date().toISOString().replaceAll(/[:.]/g, '-')
    // With the process id, two processes that rotate at once do not replace each other's file.
    renameSync(this.#path, join(this.#folder, `hallpass.${time}-${process.pid}.log`))
    const rotated = logFiles(this.#folder).filter((path) => path !== this.#path)
    for (const path of rotated.slice(0, Math.max(0, rotated.length - this.#keepFiles))) unlinkSync(path)
  }
}

/** Soon enough for a person who follows the log, and rare enough to cost a request nothing. */
const flushEveryMs = 200
const chunkBytes = 64 * 1024
/** While a disk hangs, 4 MiB wait. Then lines are dropped, so that memory does not fill. */
const maxWaitingChunks = 64
const writeAsync = promisify(write)
