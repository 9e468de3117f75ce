import type { Change } from './store.ts'

interface Waiting {
  readonly change: Change
  readonly resolve: (version: number) => void
  readonly reject: (reason: unknown) => void
}

/** Writes what `change` makes of the record, as a whole, under its lock. Returns the version that holds afterwards. */
export type Commit = (change: Change) => Promise<number>

/** Lets changes of one record that come while a write is under way share the next write. */
export class GroupCommit {
  readonly #queues = new Map<string, Waiting[]>()

  /** `commit` calls its argument once, in the lock: all changes that wait for `key` by then are made together. */
  add(key: string, change: Change, commit: Commit): Promise<number> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(key)
      if (queue !== undefined) {
        queue.push({ change, resolve, reject })
        return
      }
      const started = [{ change, resolve, reject }]
      this.#queues.set(key, started)
      // Never rejects: what fails is told to those who wait.
      void this.#drain(key, started, commit)
    })
  }

  async #drain(key: string, queue: Waiting[], commit: Commit): Promise<void> {
    while (queue.length > 0) {
      let batch: Waiting[] = []
      try {
        const version = await commit((before) => {
          let value = before
          batch = queue.splice(0).filter((waiting) => {
            try {
              value = waiting.change(value)
              return true
            } catch (error) {
              waiting.reject(error)
              return false
            }
          })
          return value
        })
        for (const { resolve } of batch) resolve(version)
      } catch (error) {
        // Failed before the changes were asked for (the lock, a damaged record): all of them failed.
        for (const { reject } of batch.concat(queue.splice(0))) reject(error)
      }
    }
    this.#queues.delete(key)
  }
}
