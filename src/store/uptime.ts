import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/**
 * The time since this start of the machine. It runs on while the machine sleeps, and setting the clock does not move it. It stops
 * while a virtual machine is paused, and a time namespace shifts it.
 */
export interface Uptime {
  /** The name of the start. */
  readonly boot: string
  readonly seconds: number
}

/** undefined on a system that gives its starts no name: only Linux does. */
export function machineUptime(): Uptime | undefined {
  boot ??= bootName()
  return boot === '' ? undefined : { boot, seconds: uptime() }
}

let boot: string | undefined

function bootName(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
