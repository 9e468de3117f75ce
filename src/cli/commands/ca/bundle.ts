import type { Run } from '../../command.ts'
import { rewriteBundle } from './rewrite-bundle.ts'

export const run: Run = async (context) => {
  const { output } = context
  const { home, authority } = await context.open()
  const { certificates } = await rewriteBundle(context, home, authority)
  if (output.json) output.document('ca-bundle/1', { path: home.caBundle, certificates })
  else output.value(`${home.caBundle}\n`)
  output.detail(`${certificates} certificates`)
}
