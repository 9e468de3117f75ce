import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { logFileName, logFiles, RotatingFile } from './rotating-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hallpass-log-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const line = (text: string | number) => `{"n":${JSON.stringify(text)}}\n`
const read = (path = join(folder, logFileName)) => readFileSync(path, 'utf8')
const readAll = () => logFiles(folder).map(read).join('')
/** Lets what was written reach the disk: the file flushes by itself only every 200 ms. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 300))

describe('the log file', () => {
  it('has all lines in order once it is closed, and is for its owner alone', async () => {
    const file = new RotatingFile({ folder })
    for (let number = 0; number < 5000; number++) file.write(line(number))
    await file.close()
    expect(read()).toBe(Array.from({ length: 5000 }, (_, number) => line(number)).join(''))
    expect(statSync(join(folder, logFileName)).mode & 0o777).toBe(0o600)
  })

  it('is written without waiting for more lines', async () => {
    const file = new RotatingFile({ folder })
    file.write(line('early'))
    await pause()
    expect(read()).toBe(line('early'))
    await file.close()
  })

  it('goes on where the last process ended, and closes an older file to others', async () => {
    writeFileSync(join(folder, logFileName), line('old'), { mode: 0o644 })
    const file = new RotatingFile({ folder })
    file.write(line('new'))
    await file.close()
    expect(read()).toBe(line('old') + line('new'))
    expect(statSync(join(folder, logFileName)).mode & 0o777).toBe(0o600)
  })

  it('sets a full file aside and keeps a bounded number of them', async () => {
    const file = new RotatingFile({ folder, maxFileBytes: 10_000, keepFiles: 3 })
    for (let round = 0; round < 10; round++) {
      for (let number = 0; number < 1000; number++) file.write(line(`${round} ${number}`))
      await pause()
    }
    await file.close()
    const files = logFiles(folder)
    expect(files).toHaveLength(4)
    expect(basename(files[3] ?? '')).toBe(logFileName)
    // The newest line is in the newest file, and what is kept hangs together.
    expect(readAll()).toContain(line('9 999'))
    const numbers = readAll().match(/\d+ \d+/g) ?? []
    expect(numbers).toEqual(numbers.toSorted((a, b) => weight(a) - weight(b)))
  })

  it('opens a new file when its file was removed or replaced', async () => {
    const file = new RotatingFile({ folder })
    file.write(line(1))
    await pause()
    unlinkSync(join(folder, logFileName))
    file.write(line(2))
    await file.close()
    expect(read()).toBe(line(2))
  })

  it('does not follow a planted symbolic link, and does not throw', async () => {
    const target = join(folder, 'precious')
    writeFileSync(target, 'as it was')
    symlinkSync(target, join(folder, logFileName))
    const file = new RotatingFile({ folder })
    file.write(line(1))
    await file.close()
    expect(read(target)).toBe('as it was')
  })

  it('drops lines while the folder is gone, and says how many once it is back', async () => {
    rmSync(folder, { recursive: true })
    const file = new RotatingFile({ folder })
    for (let number = 0; number < 3; number++) file.write(line(number))
    await pause()
    mkdirSync(folder)
    file.write(line('after'))
    await file.close()
    const [first, second] = read()
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text))
    expect(first).toEqual({ n: 'after' })
    expect(second).toMatchObject({ level: 'warn', dropped: 3 })
  })

  it('holds the lines of several processes that rotate at once, none of them torn', async () => {
    const script = `
      const { RotatingFile } = await import(${JSON.stringify(import.meta.resolve('./rotating-file.ts'))})
      const file = new RotatingFile({ folder: process.argv[1], maxFileBytes: 40_000, keepFiles: 1000 })
      for (let number = 0; number < 4000; number++) {
        file.write(JSON.stringify({ pid: process.pid, number }) + '\\n')
        if (number % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await file.close()`
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', script, folder]),
    )
    await Promise.all(children.map((child) => once(child, 'exit')))
    const lines = readAll()
      .trim()
      .split('\n')
      .map((text): { pid: number; number: number } => JSON.parse(text))
    for (const { pid } of children) {
      const own = lines.filter((each) => each.pid === pid).map(({ number }) => number)
      expect(own.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 4000 }, (_, number) => number))
    }
  })

  it('is written to the end also when the process ends without closing it', () => {
    const script = `
      const { RotatingFile } = await import(${JSON.stringify(import.meta.resolve('./rotating-file.ts'))})
      const file = new RotatingFile({ folder: process.argv[1] })
      for (let number = 0; number < 10_000; number++) file.write(JSON.stringify({ number }) + '\\n')
      process.exit(0)`
    spawnSync(process.execPath, ['--input-type=module', '-e', script, folder])
    expect(read().trim().split('\n')).toHaveLength(10_000)
  })

  it.runIf(process.platform !== 'win32')(
    'survives a full disk and begins a line of its own afterwards',
    async () => {
      const script = `
      const fs = await import('node:fs')
      const { RotatingFile } = await import(${JSON.stringify(import.meta.resolve('./rotating-file.ts'))})
      const file = new RotatingFile({ folder: process.argv[1] })
      const path = process.argv[1] + '/hallpass.log'
      file.write(JSON.stringify({ n: 'before the limit' }) + '\\n')
      for (let number = 0; number < 3000; number++) file.write(JSON.stringify({ n: number }) + '\\n')
      await new Promise((resolve) => setTimeout(resolve, 400))
      fs.renameSync(path, process.argv[1] + '/first')
      file.write(JSON.stringify({ n: 'after' }) + '\\n')
      await file.close()
      console.log('alive')`
      // The size of a file is limited to 16 blocks of 1024 bytes: a write ends half-way with EFBIG, as on a full disk.
      const shell = 'ulimit -f 16; trap "" XFSZ; exec "$0" --input-type=module -e "$1" "$2"'
      const child = spawnSync('bash', ['-c', shell, process.execPath, script, folder], { encoding: 'utf8' })
      expect(child.stdout).toBe('alive\n')
      const [torn, after, dropped] = read().split('\n')
      expect(torn).toBe('')
      expect(after).toBe(line('after').trim())
      expect(JSON.parse(dropped ?? '')).toMatchObject({ level: 'warn', msg: 'lines could not be written' })
    },
  )
})

function weight(text: string): number {
  const [round = 0, number = 0] = text.split(' ').map(Number)
  return round * 1000 + number
}
