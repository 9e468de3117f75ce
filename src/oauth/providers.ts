import type { Provider } from './provider.ts'
import { auth0 } from './providers/auth0.ts'
import { github } from './providers/github.ts'
import { gitlab } from './providers/gitlab.ts'
import { google } from './providers/google.ts'
import { keycloak } from './providers/keycloak.ts'
import { microsoft } from './providers/microsoft.ts'
import { okta } from './providers/okta.ts'
import { slack } from './providers/slack.ts'
import { x } from './providers/x.ts'

/** The one list of providers. */
export const providers: readonly Provider[] = [
  github,
  google,
  microsoft,
  gitlab,
  x,
  okta,
  auth0,
  slack,
  keycloak,
]

export function providerOf(name: string): Provider | undefined {
  return providers.find((provider) => provider.name === name)
}
