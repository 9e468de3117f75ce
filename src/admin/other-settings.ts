import type { Said } from '../config/said.ts'

/** The settings that the running proxy read when it started. */
export interface RunningSettings extends Said {
  /** `--capture` and the like of `hallpass start`, which hold for this proxy alone. */
  readonly flags: readonly string[]
}

/**
 * One phrase for each setting that the command names and the running proxy does not have. A variable or flag that only the proxy
 * was started with is no contradiction: the command leaves that choice to the proxy.
 */
export function contradictions(own: Said, running: RunningSettings): readonly string[] {
  return [...fileContradictions(own, running), ...environmentContradictions(own, running)]
}

/** Every difference, for a command that describes what the running proxy does. */
export function differences(own: Said, running: RunningSettings): readonly string[] {
  const more = [
    ...Object.keys(running.environment).filter((name) => !(name in own.environment)),
    ...running.flags,
  ]
  return [...contradictions(own, running), ...more.map((name) => `it was started with ${name}`)]
}

export function fileContradictions(own: Said, running: RunningSettings): readonly string[] {
  if (own.text === running.text) return []
  if (own.file === running.file) return [`${own.file} has changed since it was started`]
  return [`it reads ${running.text === null ? 'no file' : running.file}, not ${own.file}`]
}

export function environmentContradictions(own: Said, running: RunningSettings): readonly string[] {
  return Object.entries(own.environment)
    .filter(([name, value]) => running.environment[name] !== value)
    .map(([name]) => `it was started ${name in running.environment ? 'with another' : 'without'} ${name}`)
}
