import type { OAuth2Definition } from '../credentials/oauth2.ts'
import type { Provider } from './provider.ts'

/** Words that mean everything in the scopes of any server. */
const sweeping = /^(?:.*[.:/])?(?:\*|all|full|full_access|root|superuser)$/i

/** A line for each scope that gives more than most users need. */
export function broadScopes({ scopes = [] }: OAuth2Definition, provider: Provider | undefined): string[] {
  return scopes.flatMap((scope) => {
    const known = provider?.broad?.[scope]
    if (known !== undefined) return [`the scope ${scope} ${known}`]
    return sweeping.test(scope) ? [`the scope ${scope} gives everything. A narrower one may be enough`] : []
  })
}
