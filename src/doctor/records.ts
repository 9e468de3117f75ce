import { bad, type Check, good } from './check.ts'
import { findDamaged, isBeyondRepair } from './damaged-records.ts'

export const records: Check = {
  name: 'records',
  async examine(patient) {
    const { whole, damaged } = findDamaged({ home: patient.home, keys: await patient.keys() })
    const findings = damaged.map((record) =>
      bad(record.error.message, isBeyondRepair(record) ? 'hallpass doctor --repair' : record.error.hint),
    )
    return [...findings, good(`${whole} sealed files open`)]
  },
}
