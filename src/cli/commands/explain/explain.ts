import { HallpassError } from '../../../errors.ts'
import type { Run } from '../../command.ts'
import { spell } from '../../package.ts'
import { explanationDocument, explanationRows } from './explanation.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [url = ''] = input.args
  // Methods are case-sensitive (RFC 9110 section 9.1), and nobody who types `post` means the method "post".
  const method = (input.text('method') ?? 'GET').toUpperCase()
  if (!/^[!#$%&'*+.^_`|~\dA-Z-]{1,32}$/.test(method)) throw new HallpassError('usage', 'that is not a method')
  const session = await (await context.open()).session()
  const explanation = await session.explain(url, method)
  if (output.json) output.document('explain/1', explanationDocument(explanation))
  else
    for (const [label, text] of explanationRows(explanation))
      output.line(`  ${label.padEnd(9)} ${spell(text)}`)
}
