import type { Said } from '../config/said.ts'

/** The settings of the running proxy. */
export interface RunningSettings extends Said {
  /** `--capture` and the like of `hallpass start`, which hold for this proxy alone. */
  readonly flags: readonly string[]
  /** Why its file is not in force; null when it is. */
  readonly problem: string | null
  /** The keys that have another value in its file, and need a restart. */
  readonly restartFor: readonly string[]
}

/** Makes the running proxy read all its settings again. */
export const restart = 'hallpass stop; hallpass start --background'

/**
 * One phrase for each setting that the command names and the running proxy does not have. A variable or flag that only the proxy
 * was started with is no contradiction: the command leaves that choice to the proxy.
 */
export function contradictions(own: Said, running: RunningSettings): readonly string[] {
  const ofEnvironment = Object.entries(own.environment)
    .filter(([name, value]) => running.environment[name] !== value)
    .map(([name]) => `it was started ${name in running.environment ? 'with another' : 'without'} ${name}`)
  // The proxy takes up a change of its own file.
  if (own.file === running.file || own.text === running.text) return ofEnvironment
  return [`it reads ${running.text === null ? 'no file' : running.file}, not ${own.file}`, ...ofEnvironment]
}

/** What the running proxy has not taken up from its file, with the command to type; undefined when the whole file is in force. */
export function notTakenUp({
  problem,
  restartFor,
}: RunningSettings): { readonly fact: string; readonly remedy: string } | undefined {
  if (problem !== null) {
    return {
      fact: `the running proxy keeps its earlier settings: ${problem}`,
      remedy: 'hallpass config check',
    }
  }
  if (restartFor.length === 0) return undefined
  return { fact: `the running proxy needs a restart for ${restartFor.join(', ')}`, remedy: restart }
}
