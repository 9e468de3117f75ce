import { statSync } from 'node:fs'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import {
  type Config,
  type ConfigOptions,
  checkConfig,
  configPath,
  loadConfig,
} from '../config/load-config.ts'
import { plainSetting } from '../config/plain-settings.ts'
import { configError } from '../config/problem.ts'
import { type Key, readAtStart } from '../config/schema.ts'
import { HallpassError, messageOf } from '../errors.ts'
import { type Log, silentLog } from '../log.ts'
import type { SessionsConfig } from '../sessions/session.ts'
import { stampOf } from '../store/stamp.ts'
import { TurnMemo } from '../store/turn-memo.ts'

/** A program that writes a file in place may write it in parts. So a file counts only after this long without a change. */
const quietMs = 50

/** A file that never comes to rest is read all the same after so many looks: about a second. */
const maxLooks = 20

/**
 * The configuration of a process that goes on: it takes up a changed file. Its settings are those in force. A file with an error, or
 * one that is gone or empty, changes nothing: without its rules everything would be allowed.
 */
export class LiveConfig implements SessionsConfig {
  /** The settings in force. */
  now: Config
  /** Counts the changes. */
  generation = 0
  /** Why the file is not in force. */
  problem: string | undefined
  /** The keys that have another value in the file, and need a restart. */
  restartFor: readonly Key[] = []
  readonly #options: ConfigOptions
  readonly #path: string
  readonly #looks = new TurnMemo<string>()
  #stamp: string
  #loading: Promise<void> | undefined
  #log: Log = silentLog

  private constructor(options: ConfigOptions, stamp: string, config: Config) {
    this.#options = options
    this.#path = configPath(options)
    this.#stamp = stamp
    this.now = config
  }

  /** Throws as `loadConfig` does. */
  static async open(options: ConfigOptions): Promise<LiveConfig> {
    // Before the file is read: a change in between then counts as a change.
    const { stamp } = lookAt(configPath(options))
    return new LiveConfig(options, stamp, await loadConfig(options))
  }

  get rules() {
    return this.now.rules
  }

  get reveal() {
    return this.now.reveal
  }

  get capture() {
    return this.now.capture
  }

  get intercept() {
    return this.now.intercept
  }

  get credentials() {
    return this.now.credentials
  }

  get maxSessions() {
    return this.now.maxSessions
  }

  get sessionTtl() {
    return this.now.sessionTtl
  }

  get sessionRenewal() {
    return this.now.sessionRenewal
  }

  get sessionSweep() {
    return this.now.sessionSweep
  }

  logTo(log: Log): void {
    this.#log = log
  }

  takeUp(): Promise<void> | undefined {
    if (this.#loading !== undefined) return this.#loading
    const stamp = this.#looks.get(this.#path, () => lookAt(this.#path).stamp)
    return stamp === this.#stamp ? undefined : this.reload()
  }

  /** Reads the file, changed or not. */
  reload(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #load(): Promise<void> {
    // The looks of this turn are remembered.
    await turn()
    this.#stamp = await restingStamp(this.#path)
    try {
      const { config, problems } = await checkConfig(this.#options)
      // `sops -d x > config.yaml` empties the file first, and writes much later.
      if (this.now.fileHasText && (this.#stamp === '' || config?.fileHasText === false))
        throw new HallpassError('config-invalid', `${this.#path} is gone or empty; a restart goes without it`)
      if (config === undefined) throw configError(problems)
      this.#adopt(config)
    } catch (error) {
      this.problem = messageOf(error)
      this.#log.warn(`the configuration stays as it was: ${this.problem}`)
    }
  }

  #adopt(config: Config): void {
    const atStart = readAtStart.map((key) => [key, this.now[key]] as const)
    const sources = readAtStart.map((key) => [key, this.now.sources[key]] as const)
    this.restartFor = readAtStart.filter((key) => !isSame(key, config, this.now))
    this.now = {
      ...config,
      ...Object.fromEntries(atStart),
      sources: { ...config.sources, ...Object.fromEntries(sources) },
    }
    this.generation++
    this.problem = undefined
    const waiting = this.restartFor.length === 0 ? '' : `; after a restart: ${this.restartFor.join(', ')}`
    this.#log.info(`took up ${this.#path}${waiting}`)
  }
}

function isSame(key: Key, a: Config, b: Config): boolean {
  return JSON.stringify(plainSetting(a, key)) === JSON.stringify(plainSetting(b, key))
}

/** The stamp of the file once it is at rest. */
async function restingStamp(path: string): Promise<string> {
  let { stamp, changedAt } = lookAt(path)
  for (let looks = 1; looks < maxLooks; looks++) {
    const age = Date.now() - changedAt
    // A time in the future comes from another machine's clock.
    if (age < 0 || age >= quietMs) break
    await sleep(quietMs - age)
    ;({ stamp, changedAt } = lookAt(path))
  }
  return stamp
}

/** An empty stamp: there is no such file, or it cannot be reached. */
function lookAt(path: string): { readonly stamp: string; readonly changedAt: number } {
  try {
    const stat = statSync(path, { bigint: true })
    return { stamp: stampOf(stat), changedAt: Number(stat.ctimeMs) }
  } catch {
    return { stamp: '', changedAt: 0 }
  }
}
