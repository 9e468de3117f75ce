import type { Provider } from '../provider.ts'

/**
 * Auth0: "Authentication API" and "Call Your API Using the Authorization Code Flow with PKCE" (auth0.com/docs).
 *
 * Its issuers end in a slash. Without --audience the token is opaque and works only for /userinfo. A refresh token comes
 * with offline_access, if the API allows it. Callback URLs are compared whole.
 */
export const auth0: Provider = {
  name: 'auth0',
  title: 'Auth0',
  register: 'https://manage.auth0.com',
  issuerOf: (domain) => `https://${domain}/`,
  domain: 'TENANT.eu.auth0.com',
  flows: ['code', 'device', 'client-credentials'],
  hosts: (issuer) => [new URL(issuer).host],
  scopes: ['openid'],
  offline: { scopes: ['offline_access'] },
  clientAuth: 'client_secret_post',
  redirectPort: 8722,
}
