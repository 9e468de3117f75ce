import { delimiter, dirname } from 'node:path'
import type { Authority } from '../../../certs/authority.ts'
import { type CombinedBundle, writeBundle } from '../../../certs/bundle.ts'
import type { Home } from '../../../store/home.ts'
import type { Context } from '../../command.ts'

/**
 * Writes the combined bundle anew. What the present one has stays in it: children of a running proxy read that very
 * file, and the company's root among it may be known to the environment that the proxy was started in, and not to this
 * shell. The next start begins afresh.
 */
export async function rewriteBundle(
  { env, output }: Context,
  home: Home,
  authority: Authority,
): Promise<CombinedBundle> {
  const folders = [env.SSL_CERT_DIR, dirname(home.caBundle)].filter((folder) => folder)
  const bundle = await writeBundle(home, {
    authority,
    env: { ...env, SSL_CERT_DIR: folders.join(delimiter) },
  })
  for (const { variable, path, reason } of bundle.skipped) {
    output.warn(`${variable}: ${path} is left out: ${reason}`)
  }
  return bundle
}
