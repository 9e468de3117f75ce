import { HallpassError } from '../../../errors.ts'
import type { Run } from '../../command.ts'
import { explanationDocument, explanationRows } from './explanation.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [url = ''] = input.args
  // Methods are case-sensitive (RFC 9110 section 9.1), and nobody who types `post` means the method "post".
  const method = (input.text('method') ?? 'GET').toUpperCase()
  if (!/^[!#$%&'*+.^_`|~\dA-Z-]{1,32}$/.test(method)) throw new HallpassError('usage', 'that is not a method')
  const session = await (await context.open()).session()
  const explanation = await session.explain(url, method)
  if (output.json) output.document('explain/1', explanationDocument(explanation, output.spell))
  else {
    const rows = explanationRows(explanation, Date.now())
    const width = Math.max(9, ...rows.map(([label]) => label.length))
    for (const [label, text] of rows) output.line(`  ${label.padEnd(width)} ${text}`)
  }
}
