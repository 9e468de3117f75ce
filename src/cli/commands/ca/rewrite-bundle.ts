import { delimiter, dirname } from 'node:path'
import type { Authority } from '../../../certs/authority.ts'
import { type CombinedBundle, writeBundle } from '../../../certs/bundle.ts'
import type { Home } from '../../../store/home.ts'
import type { Context } from '../../command.ts'

/**
 * Writes the combined bundle and keeps the certificates of the present one: children of a running proxy read the same file, and a
 * company's root in it may come from the environment of the proxy, which this shell does not have. The next start writes the
 * bundle from nothing.
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
    output.warn(`${variable}: ${path} is not in the bundle: ${reason}`)
  }
  return bundle
}
