import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Sessions } from './sessions.ts'

export interface ExpirySweepParts {
  readonly sessions: Pick<Sessions, 'prune'>
  /** Asked before each wait: the configuration may change. */
  readonly everySeconds: () => number
  readonly log: Log
}

/** Removes expired sessions now and then, because nobody may ever ask for them again. */
export class ExpirySweep {
  readonly #parts: ExpirySweepParts
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(parts: ExpirySweepParts) {
    this.#parts = parts
    this.#wait()
  }

  /** Resolves when no sweep is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#sweeping
  }

  #wait(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#sweep()
    }, this.#parts.everySeconds() * 1000)
    // A process must not stay alive for its sweeps.
    this.#timer.unref()
  }

  async #sweep(): Promise<void> {
    const { sessions, log } = this.#parts
    try {
      for (const { name } of await sessions.prune()) log.info(`removed the expired session "${name}"`)
    } catch (error) {
      log.warn(`expired sessions could not be removed: ${messageOf(error)}`)
    }
    this.#wait()
  }
}
