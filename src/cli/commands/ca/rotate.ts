import { Authority } from '../../../certs/authority.ts'
import { writeBundle } from '../../../certs/bundle.ts'
import { Exit, type Run } from '../../command.ts'
import { openKeys } from '../../open-keys.ts'
import { factsOf } from './show.ts'

export const run: Run = async (context, input) => {
  const { output, env } = context
  const question =
    'Make a new certificate authority? What was told to trust the present one must be told again.'
  if (!input.has('yes') && !(await context.confirm(question))) throw new Exit(1)
  // Without opening the authority: it may be the damaged one that is to be replaced.
  const { home, keys } = await openKeys(context)
  const authority = await Authority.rotate(home, keys)
  await writeBundle(home, { authority, env })
  const facts = factsOf(authority)
  if (output.json) output.document('ca/1', { ...facts, path: home.caPem, bundle: home.caBundle })
  output.say(`made ${facts.name}, valid until ${facts.not_after.slice(0, 10)}`)
  output.say(
    'running proxies use it from their next connection on; evaluate "hallpass env" again in open shells',
  )
}
