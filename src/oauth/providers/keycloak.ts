import type { Provider } from '../provider.ts'

/**
 * Keycloak: "Securing applications and services guide", Planning for securing applications, OpenID Connect layers
 * (keycloak.org/docs).
 *
 * Every realm is an issuer of its own. A refresh token comes by itself and lasts as long as the login session.
 * A refresh token with the scope offline_access would outlive it. Keycloak does not compare the port of a redirect URI with
 * 127.0.0.1.
 */
export const keycloak: Provider = {
  name: 'keycloak',
  title: 'Keycloak',
  register:
    'https://www.keycloak.org/docs/latest/server_admin/#assembly-managing-clients_server_administration_guide',
  issuerOf: (domain) =>
    domain.includes('/realms/') ? `https://${domain}` : `https://${domain}/realms/master`,
  domain: 'https://HOST/realms/REALM',
  flows: ['code', 'device', 'client-credentials'],
  hosts: (issuer) => [new URL(issuer).host],
  scopes: ['openid'],
}
