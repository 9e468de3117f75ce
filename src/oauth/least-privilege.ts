import type { OAuth2Definition } from '../credentials/oauth2.ts'
import type { Provider } from './provider.ts'

/** Words in scopes that mean everything, wherever they come from. */
const sweeping = /^(?:.*[.:/])?(?:\*|all|full|full_access|root|superuser)$/i

/** What the asked scopes give more than most need, one line each. */
export function broadScopes({ scopes = [] }: OAuth2Definition, provider: Provider | undefined): string[] {
  return scopes.flatMap((scope) => {
    const known = provider?.broad?.[scope]
    if (known !== undefined) return [`the scope ${scope} ${known}`]
    return sweeping.test(scope) ? [`the scope ${scope} gives everything; a narrower one may do`] : []
  })
}
