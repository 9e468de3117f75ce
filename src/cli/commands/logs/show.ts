import { createReadStream, existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { HallpassError } from '../../../errors.ts'
import { jsonSpelledOut } from '../../../log/printable.ts'
import { logFileName, logFiles, readableLine } from '../../../log.ts'
import { homeOf } from '../../../store/home.ts'
import type { Run } from '../../command.ts'
import { takesColour } from '../../terminal-text.ts'

const defaultLines = 50
/** The proxy itself writes lines every 200 ms. */
const lookEveryMs = 200

export const run: Run = async ({ env, output }, input) => {
  const count = readCount(input.text('lines'))
  const { log: folder } = homeOf(env)
  const pretty = readableLine({ colorize: takesColour(process.stdout) })
  // Nobody checks the file, so a line may contain any byte. After this, only our own colours are left.
  const show = (line: string) =>
    output.raw(output.json ? `${jsonSpelledOut(line)}\n` : pretty(jsonSpelledOut(line)))
  const files = existsSync(folder) ? logFiles(folder) : []
  for (const line of await lastLines(files, count)) show(line)
  if (input.has('follow')) await follow(join(folder, logFileName), show)
  else if (files.length === 0) output.say(`nothing is logged yet in ${folder}`)
}

function readCount(text: string | undefined): number {
  if (text === undefined) return defaultLines
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new HallpassError('usage', '--lines must be a number')
}

/** Reads whole files, which are bounded, and keeps at most twice the count. */
async function lastLines(files: readonly string[], count: number): Promise<readonly string[]> {
  let last: string[] = []
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (line === '') continue
      last.push(line)
      if (last.length > 2 * count) last = last.slice(-count)
    }
  }
  return count === 0 ? [] : last.slice(-count)
}

/** Shows appended lines, also of the file that replaces a full one, until the process is ended. */
async function follow(path: string, show: (line: string) => void): Promise<never> {
  let inode: bigint | undefined
  let position = 0
  let rest = ''
  for (let first = true; ; first = false) {
    const file = await open(path).catch(() => undefined)
    if (file !== undefined) {
      try {
        const stat = await file.stat({ bigint: true })
        if (inode !== stat.ino) {
          // The first file has been shown up to here; a later file is read from its beginning.
          position = first ? Number(stat.size) : 0
          inode = stat.ino
          rest = ''
        }
        const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, position)
        position += bytesRead
        const lines = (rest + buffer.subarray(0, bytesRead).toString('utf8')).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) show(line)
        if (bytesRead > 0) continue
      } finally {
        await file.close()
      }
    }
    await sleep(lookEveryMs)
  }
}
