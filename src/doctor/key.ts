import { keyStatus } from '../store/key-status.ts'
import { type Check, good, note } from './check.ts'

export const key: Check = {
  name: 'key',
  async examine(patient) {
    await patient.keys()
    const status = keyStatus(patient.home, patient.env)
    if (status === undefined) return []
    const { file, protector, keys, current } = status
    const fact = `${file} opens, current key ${current}${keys.length > 1 ? `, ${keys.length - 1} older` : ''}`
    if (protector !== 'file') return [good(`${fact}, wrapped by the ${protector}`)]
    return [note(`${fact}; only the mode of the file protects it`, 'hallpass key protect passphrase')]
  },
}
