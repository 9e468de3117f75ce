import { AdminClient } from '../../../admin/client.ts'
import { HallpassError } from '../../../errors.ts'
import { homeOf } from '../../../store/home.ts'
import type { Run } from '../../command.ts'
import { restart, settingsBeside } from '../../settings.ts'
import { explanationDocument, explanationRows } from './explanation.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [url = ''] = input.args
  // Methods are case-sensitive (RFC 9110 section 9.1), but `post` means POST here.
  const method = (input.text('method') ?? 'GET').toUpperCase()
  if (!/^[!#$%&'*+.^_`|~\dA-Z-]{1,32}$/.test(method))
    throw new HallpassError('usage', '--method must be an HTTP method')
  const running = await new AdminClient(homeOf(context.env)).running()
  const { file, contradictions, differences } = settingsBeside(context, running)
  const hallpass = await context.open(file === undefined ? {} : { configFile: file })
  const session = await hallpass.session()
  const explanation = await session.explain(url, method)
  if (output.json) {
    output.document('explain/1', {
      ...explanationDocument(explanation, output.spell),
      configuration: file ?? null,
      running_proxy: running === undefined ? null : { other_settings: differences },
    })
  } else {
    const rows = explanationRows(explanation, Date.now())
    if (file !== undefined) rows.splice(1, 0, ['config', file])
    const width = Math.max(9, ...rows.map(([label]) => label.length))
    for (const [label, text] of rows) output.line(`  ${label.padEnd(width)} ${text}`)
    if (differences.length > 0) output.warn(`the running proxy has other settings: ${differences.join(', ')}`)
    if (contradictions.length > 0) output.hint(restart)
  }
}
