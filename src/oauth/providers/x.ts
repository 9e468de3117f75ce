import type { Provider } from '../provider.ts'

/**
 * X: "OAuth 2.0 Authorization Code Flow with PKCE", "OAuth 2.0 App-Only" and "OAuth 1.0a: 3-legged flow"
 * (docs.x.com/fundamentals/authentication).
 *
 * X compares callback URLs whole, so the port cannot be chosen at run time. App-only is the client credentials grant with
 * the key and secret of OAuth 1.0a at another endpoint; its token does not expire.
 */
export const x: Provider = {
  name: 'x',
  title: 'X',
  register: 'https://developer.x.com/en/portal/dashboard',
  issuer: 'https://x.com',
  endpoints: (_, flow) => ({
    authorization: 'https://x.com/i/oauth2/authorize',
    token:
      flow === 'client-credentials' ? 'https://api.x.com/oauth2/token' : 'https://api.x.com/2/oauth2/token',
  }),
  oauth1: {
    requestToken: 'https://api.x.com/oauth/request_token',
    authorize: 'https://api.x.com/oauth/authorize',
    accessToken: 'https://api.x.com/oauth/access_token',
  },
  flows: ['code', 'client-credentials'],
  hosts: () => ['api.x.com'],
  // users/me needs both.
  scopes: ['users.read', 'tweet.read'],
  broad: {
    'tweet.write': 'posts in the name of the account',
    'dm.write': 'writes direct messages',
    'dm.read': 'reads direct messages',
  },
  offline: { scopes: ['offline.access'] },
  redirectPort: 8722,
}
