import { Authority } from '../../../certs/authority.ts'
import { shownCertificate } from '../../../certs/authority-files.ts'
import { homeOf } from '../../../store/home.ts'
import { isThere } from '../../../store/own-files.ts'
import { Exit, type Run } from '../../command.ts'
import { openKeys } from '../../open-keys.ts'
import { factsOf } from './published-certificate.ts'
import { rewriteBundle } from './rewrite-bundle.ts'

export const run: Run = async (context, input) => {
  const { output, env } = context
  const paths = homeOf(env)
  const before = shownCertificate(paths)
  if ((isThere(paths.caKey) || isThere(paths.caPem)) && !input.has('yes')) {
    const name = before === undefined ? '' : ` "${factsOf(before).name}"`
    const question = `Replace the certificate authority${name}? Programs that you made trust it must trust the new one.`
    if (!(await context.confirm(question, '--yes'))) throw new Exit(1)
  }
  // The old authority is not opened: it may be damaged.
  const { home, keys } = await openKeys(context)
  const authority = await Authority.rotate(home, keys)
  await rewriteBundle(context, home, authority)
  const facts = factsOf(authority.certificate)
  const replaced = before === undefined ? undefined : factsOf(before)
  if (output.json) {
    output.document('ca/1', {
      ...facts,
      path: home.caPem,
      bundle: home.caBundle,
      replaced: replaced ?? null,
    })
  }
  output.say(`made ${facts.name}, valid until ${facts.not_after.slice(0, 10)}`)
  output.say(`running proxies use it for new connections; ${home.caBundle} has been rewritten`)
  output.say('new children of "hallpass run" trust it, and so do shells that evaluated "hallpass env"')
  if (replaced === undefined) return
  output.say(`make every system, browser and container that trusts the old one trust ${home.caPem}`)
  output.say(`and remove the old one there: ${replaced.name}, SHA-256 ${replaced.fingerprint_sha256}`)
}
