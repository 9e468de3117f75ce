import { createdSessionDocument } from '../../../documents/session-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { parseSeconds } from '../../../parse-seconds.ts'
import type { Run } from '../../command.ts'
import { spokenTime } from '../../spoken-time.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name] = input.args
  const ttl = input.text('ttl')
  const ttlSeconds = ttl === undefined ? undefined : parseSeconds(ttl)
  if (ttl !== undefined && ttlSeconds === undefined) {
    throw new HallpassError('usage', '--ttl must be a number with s, m, h or d: 90s, 30m, 2h or 7d', {
      hint: 'hallpass session create --ttl 2h',
    })
  }
  const { sessions } = await context.open()
  const { metadata } = await sessions.create({ name, ttlSeconds })
  const { createdAt, expiresAt } = metadata
  if (output.json) {
    output.print(createdSessionDocument(metadata))
  } else {
    output.value(`${metadata.name}\n`)
  }
  if (expiresAt === undefined) {
    output.say('it stays until you remove it')
  } else {
    const left = spokenTime(Date.parse(expiresAt), Date.parse(createdAt))
    output.say(`it expires ${left} (${expiresAt})${ttl === undefined ? '; --ttl sets another time' : ''}`)
  }
  output.hint(`hallpass run --session ${metadata.name} --capture -- COMMAND`)
}
