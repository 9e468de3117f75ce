import { cookieDocument } from '../../../documents/cookie-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { toWire } from '../../../formats/latin1.ts'
import type { Run } from '../../command.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [url = '', name = ''] = input.args
  const session = await (await context.open()).session()
  const cookie = await session.cookies.find(url, toWire(name))
  if (cookie === undefined) {
    const message = `a request to this URL carries no cookie "${name}" of the session "${session.name}"`
    throw new HallpassError('cookie-missing', message, { hint: `hallpass cookie list` })
  }
  const reveal = input.has('reveal')
  if (output.json) output.print(cookieDocument(cookie, { reveal, now: Date.now() }))
  else output.value(Buffer.from(`${cookie.value}\n`, 'latin1'))
}
