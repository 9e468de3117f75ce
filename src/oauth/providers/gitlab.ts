import type { Provider } from '../provider.ts'

/**
 * GitLab, gitlab.com and self-hosted: "OAuth 2.0 identity provider API" (docs.gitlab.com/api/oauth2).
 *
 * Every token can be refreshed. A public client is an application that is not "Confidential". Device logins: since 17.1.
 */
export const gitlab: Provider = {
  name: 'gitlab',
  title: 'GitLab',
  register: 'https://gitlab.com/-/user_settings/applications',
  issuer: 'https://gitlab.com',
  issuerOf: (domain) => `https://${domain}`,
  domain: 'gitlab.example.com',
  // No discovery: below a relative URL, the discovery document of a self-hosted GitLab is not at its issuer.
  endpoints: (issuer) => {
    const base = issuer.replace(/\/$/, '')
    return {
      authorization: `${base}/oauth/authorize`,
      token: `${base}/oauth/token`,
      deviceAuthorization: `${base}/oauth/authorize_device`,
    }
  },
  flows: ['code', 'device'],
  hosts: (issuer) => [new URL(issuer).host],
  scopes: ['read_user'],
  broad: {
    api: 'reads and writes everything; read_api reads it',
    sudo: 'acts as any user',
    write_repository: 'pushes to every repository; read_repository clones them',
  },
}
