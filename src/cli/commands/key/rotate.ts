import { hallpassErrorOf, messageOf } from '../../../errors.ts'
import { rotateKey } from '../../../store/rotate.ts'
import { sealedFiles } from '../../../store/sealed-files.ts'
import type { Run } from '../../command.ts'
import { counted } from '../../counted.ts'
import { openKeys } from '../../open-keys.ts'

/** The exit status for work done in part. */
const inPart = 8

/** Each record takes some milliseconds, because it is written durably. From this many on, the command says so first. */
const many = 100

export const run: Run = async (context) => {
  const { output } = context
  const { home, keys } = await openKeys(context)
  const count = [...sealedFiles(home)].length
  if (count >= many) output.say(`resealing ${counted(count, 'record')}; proxies may keep running`)
  const { current, resealed, dropped, left } = await rotateKey(home, keys)
  if (output.json) {
    output.document('key-rotate/1', {
      current,
      resealed,
      dropped,
      left: left.map(({ file, error }) => {
        const { code, message } = hallpassErrorOf(error)
        return { file, code, message }
      }),
    })
  }
  output.say(`${counted(resealed, 'record')} resealed with the new key ${current}`)
  if (left.length === 0) {
    output.say(
      dropped.length === 0 ? 'there was no old key to remove' : `removed the old key ${dropped.join(', ')}`,
    )
    return 0
  }
  for (const { error } of left) output.warn(messageOf(error))
  output.say(
    `${counted(left.length, 'record')} could not be resealed; they stay as they were, and their old keys are kept`,
  )
  output.hint('hallpass key status')
  return inPart
}
