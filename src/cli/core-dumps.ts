import { readFileSync, writeFileSync } from 'node:fs'

/** core(5): which memory of a process, and of the children that it forks, goes into a core dump. On Linux alone. */
const file = '/proc/self/coredump_filter'

let inherited: string | undefined

/**
 * Leaves all memory out of a core dump of this process: it holds the data key and tokens, and the system may keep a dump or send it to
 * its maker. Node cannot set RLIMIT_CORE.
 */
export function keepMemoryOutOfCores(): void {
  try {
    inherited = readFileSync(file, 'latin1').trim()
    write('0')
  } catch {
    // Not Linux, or a kernel without it: docs/threat-model.md says so.
  }
}

/** Starts a child that is not ours, with what this process inherited. `start` must fork before it returns. */
export function withInheritedCores<T>(start: () => T): T {
  if (inherited === undefined) return start()
  write(`0x${inherited}`)
  try {
    return start()
  } finally {
    write('0')
  }
}

function write(filter: string): void {
  writeFileSync(file, filter, { flag: 'r+' })
}
