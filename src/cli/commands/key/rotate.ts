import { HallpassError } from '../../../errors.ts'
import { rotateKey } from '../../../store/rotate.ts'
import type { Run } from '../../command.ts'
import { openKeys } from '../../open-keys.ts'

/** Done in part. */
const inPart = 8

export const run: Run = async (context) => {
  const { output } = context
  const { home, keys } = await openKeys(context)
  const { current, resealed, dropped, left } = await rotateKey(home, keys)
  if (output.json) {
    output.document('key-rotate/1', {
      current,
      resealed,
      dropped,
      left: left.map(({ file, error }) => ({ file, code: codeOf(error), message: textOf(error) })),
    })
  }
  output.say(`${resealed} ${resealed === 1 ? 'record' : 'records'} resealed with the new key ${current}`)
  if (left.length === 0) return 0
  for (const { error } of left) output.warn(textOf(error))
  output.say('what could not be resealed is as it was, and the old keys are kept for it')
  output.hint('hallpass doctor')
  return inPart
}

function codeOf(error: unknown): string {
  return error instanceof HallpassError ? error.code : 'failed'
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
