import { HallpassError } from '../../src/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { HeldRecord, RecordId } from '../../src/store/store.ts'

/** A store whose disk can be full for those who hold a record. */
export class SmallStore extends MemoryStore {
  full = false
  override exclusive<T>(of: RecordId, work: (held: HeldRecord) => Promise<T>) {
    const limited = ({ value, save }: HeldRecord) => {
      const saveIfRoom: HeldRecord['save'] = async (next) => {
        if (this.full) throw new HallpassError('not-saved', 'ENOSPC')
        await save(next)
      }
      return work({ value, save: saveIfRoom })
    }
    return super.exclusive(of, limited)
  }
}
