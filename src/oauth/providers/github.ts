import type { Provider } from '../provider.ts'

/**
 * GitHub and GitHub Enterprise Server: "Authorizing OAuth apps", "Generating a user access token for a GitHub App" and
 * "Refreshing user access tokens" (docs.github.com/en/apps).
 *
 * Its loopback redirect URIs may have any port, but the path that was registered. Tokens of OAuth apps do not expire;
 * those of GitHub Apps do, and scopes mean nothing to them. A device login must be enabled in the app's settings.
 */
export const github: Provider = {
  name: 'github',
  title: 'GitHub',
  register: 'https://github.com/settings/developers',
  issuer: 'https://github.com/login/oauth',
  issuerOf: (domain) => `https://${domain}/login/oauth`,
  endpoints: (issuer) => ({
    authorization: `${issuer}/authorize`,
    token: `${issuer}/access_token`,
    deviceAuthorization: new URL('/login/device/code', issuer).href,
  }),
  flows: ['device', 'code'],
  // An Enterprise Server has its API on its own host, below /api/v3.
  hosts: (issuer) => {
    const { host } = new URL(issuer)
    return host === 'github.com' ? ['api.github.com'] : [host]
  },
  // Without a scope: public data and the user's own profile.
  scopes: [],
  broad: {
    repo: 'writes to every repository, private ones too; a GitHub App can be given single ones',
    delete_repo: 'deletes repositories',
    'admin:org': 'administers organisations; read:org is enough to read them',
    workflow: 'changes the workflows that run with the secrets of a repository',
  },
  // GitHub wants the secret with the code, even with PKCE. The device flow needs none.
  clientAuth: 'client_secret_post',
}
