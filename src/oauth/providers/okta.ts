import type { Provider } from '../provider.ts'

/**
 * Okta: "OpenID Connect & OAuth 2.0 API" and "Implement authorization by grant type" (developer.okta.com/docs).
 *
 * The issuer is the organisation (https://DOMAIN.okta.com) or one of its custom authorization servers
 * (https://DOMAIN.okta.com/oauth2/default), which alone gives client credentials. Redirect URIs are compared whole.
 */
export const okta: Provider = {
  name: 'okta',
  title: 'Okta',
  register: 'https://login.okta.com',
  issuerOf: (domain) => `https://${domain}`,
  domain: 'DOMAIN.okta.com',
  flows: ['code', 'device', 'client-credentials'],
  hosts: (issuer) => [new URL(issuer).host],
  scopes: ['openid'],
  broad: {
    'okta.users.manage': 'changes and removes users; okta.users.read reads them',
    'okta.apps.manage': 'changes applications; okta.apps.read reads them',
  },
  offline: { scopes: ['offline_access'] },
  redirectPort: 8722,
}
