import type { Change } from './store.ts'

interface Waiting {
  readonly change: Change
  readonly resolve: (version: number) => void
  readonly reject: (reason: unknown) => void
}

/** Applies `change` to the record and writes it, under its lock. Returns the new version. */
export type Commit = (change: Change) => Promise<number>

/** Changes of one record that arrive during a write share the next write. */
export class GroupCommit {
  readonly #queues = new Map<string, Waiting[]>()

  /** `commit` calls its argument once, in the lock. It then makes all waiting changes of `key` together. */
  add(key: string, change: Change, commit: Commit): Promise<number> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(key)
      if (queue !== undefined) {
        queue.push({ change, resolve, reject })
        return
      }
      const started = [{ change, resolve, reject }]
      this.#queues.set(key, started)
      // Never rejects: each waiting caller gets its own failure.
      void this.#drain(key, started, commit)
    })
  }

  async #drain(key: string, queue: Waiting[], commit: Commit): Promise<void> {
    while (queue.length > 0) {
      let batch: Waiting[] | undefined
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
        for (const { resolve } of batch ?? []) resolve(version)
      } catch (error) {
        // Without a batch it failed before the first change (the lock, a damaged record), so all of them failed.
        // Changes that came after the batch get a write of their own. They can be of another session, which got the name.
        for (const { reject } of batch ?? queue.splice(0)) reject(error)
      }
    }
    this.#queues.delete(key)
  }
}
