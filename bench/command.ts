import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { pinnedToProxy } from './worker.ts'

const command = join(import.meta.dirname, '../bin/hallpass.cjs')

/** Milliseconds from typing `hallpass start` until it prints the line to paste. */
export async function startOfCommand(home: string): Promise<number> {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const line = pinnedToProxy([process.execPath, command, 'start', '--listen', '127.0.0.1:0'])
  const env = { PATH: process.env.PATH, HOME: home, HALLPASS_HOME: join(home, 'state') }
  const startedAt = performance.now()
  const child = spawn(line[0] ?? '', line.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ready = await Promise.race([once(child.stdout, 'data'), gone.then(() => undefined)])
  if (ready === undefined) throw new Error(`hallpass start ended: ${said}`)
  const readyMs = performance.now() - startedAt
  child.kill()
  await gone
  return readyMs
}
