import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Arguments of Node with which a process can say how much it holds. It then imports this file. */
export const withLiveMemory = ['--expose-gc', '--import', import.meta.filename]

const fileIn = (state: string) => join(state, 'live-memory')

/** Bytes that a process holds when its garbage is collected: of the heap, and of buffers. `state` is its HALLPASS_HOME. */
export async function liveMemoryOf(pid: number, state: string): Promise<number> {
  const file = fileIn(state)
  rmSync(file, { force: true })
  process.kill(pid, 'SIGUSR2')
  while (!existsSync(file)) await setTimeout(20)
  return Number(readFileSync(file, 'utf8'))
}

const { gc } = globalThis
const { HALLPASS_HOME: state } = process.env
if (gc !== undefined && state !== undefined) {
  process.on('SIGUSR2', () => {
    gc()
    const { heapUsed, external } = process.memoryUsage()
    const file = fileIn(state)
    writeFileSync(`${file}.new`, String(heapUsed + external))
    renameSync(`${file}.new`, file)
  })
}
