import type { Run } from '../../command.ts'
import { publishedCertificate } from './published-certificate.ts'

export const run: Run = async (context) => {
  const { home } = await publishedCertificate(context)
  if (context.output.json) context.output.document('ca-path/1', { path: home.caPem })
  else context.output.value(`${home.caPem}\n`)
}
