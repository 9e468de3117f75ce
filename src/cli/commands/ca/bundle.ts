import { writeBundle } from '../../../certs/bundle.ts'
import type { Run } from '../../command.ts'

export const run: Run = async (context) => {
  const { output, env } = context
  const { home, authority } = await context.open()
  const bundle = await writeBundle(home, { authority, env })
  for (const { variable, path, reason } of bundle.skipped) {
    output.warn(`${variable}: ${path} is left out: ${reason}`)
  }
  if (output.json) output.document('ca-bundle/1', { path: home.caBundle, certificates: bundle.certificates })
  else output.line(home.caBundle)
  output.detail(`${bundle.certificates} certificates`)
}
