import { readdirSync, readFileSync } from 'node:fs'
import type { Usage } from './child.ts'

/** CPU and memory of another process and its children. NaN on systems other than Linux. */
export function usageOf(pid: number): Usage {
  if (process.platform !== 'linux') return { cpuMicros: Number.NaN, rssBytes: Number.NaN }
  const stats = [pid, ...childrenOf(pid)].map(statOf)
  // Fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms; field 24 in pages.
  const sum = (field: number) => stats.reduce((total, stat) => total + Number(stat[field - 1] ?? 0), 0)
  return { cpuMicros: (sum(14) + sum(15)) * 10_000, rssBytes: sum(24) * 4096 }
}

function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The second field is a name in parentheses and may hold spaces.
  return ['', '', ...text.slice(text.lastIndexOf(')') + 2).split(' ')]
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return statOf(pid)[3] === String(parent)
      } catch {
        return false // gone meanwhile
      }
    })
}
