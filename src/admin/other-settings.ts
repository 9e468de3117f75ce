import type { Said } from '../config/said.ts'

/** What the running proxy read of its settings when it was started. */
export interface RunningSettings extends Said {
  /** `--capture` and the like of `hallpass start`, which hold for this proxy alone. */
  readonly flags: readonly string[]
}

/**
 * Why a command that reads `own` would be misled by the running proxy: one phrase for each difference. What the command does not
 * say (a variable or a flag that only the proxy was started with) is the proxy's to choose.
 */
export function contradictions(own: Said, running: RunningSettings): readonly string[] {
  return [...fileContradictions(own, running), ...environmentContradictions(own, running)]
}

/** All differences, for a command that must not describe the running proxy wrongly. */
export function differences(own: Said, running: RunningSettings): readonly string[] {
  const more = [
    ...Object.keys(running.environment).filter((name) => !(name in own.environment)),
    ...running.flags,
  ]
  return [...contradictions(own, running), ...more.map((name) => `it was started with ${name}`)]
}

export function fileContradictions(own: Said, running: RunningSettings): readonly string[] {
  if (own.text === running.text) return []
  if (own.file === running.file) return [`${own.file} has changed since its start`]
  return [`it reads ${running.text === null ? 'no file' : running.file}, not ${own.file}`]
}

export function environmentContradictions(own: Said, running: RunningSettings): readonly string[] {
  return Object.entries(own.environment)
    .filter(([name, value]) => running.environment[name] !== value)
    .map(([name]) => `it was started ${name in running.environment ? 'with another' : 'without'} ${name}`)
}
