import { hallpassErrorOf } from '../errors.ts'
import { FileStore } from '../store/file.ts'
import { bad, type Check, type Finding, good, type Patient } from './check.ts'
import { findDamaged, isBeyondRepair } from './damaged-records.ts'

export const records: Check = {
  name: 'records',
  async examine(patient) {
    const { whole, damaged } = findDamaged({ home: patient.home, keys: await patient.keys() })
    const findings = damaged.map((record) =>
      bad(record.error.message, isBeyondRepair(record) ? 'hallpass doctor --repair' : record.error.hint),
    )
    return [...(await damagedSessions(patient)), ...findings, good(`${whole} sealed files open`)]
  },
}

async function damagedSessions({ home, keys }: Patient): Promise<readonly Finding[]> {
  const store = new FileStore(home, await keys())
  const findings: Finding[] = []
  for (const name of await store.sessions()) {
    try {
      await store.readSession(name)
    } catch (error) {
      const { code, message, hint } = hallpassErrorOf(error)
      findings.push(bad(message, code === 'record-damaged' ? `hallpass session rm ${name}` : hint))
    }
  }
  return findings
}
