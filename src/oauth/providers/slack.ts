import type { Provider } from '../provider.ts'

/**
 * Slack: "Using PKCE" and "Using token rotation" (docs.slack.dev/authentication), and the method oauth.v2.user.access.
 *
 * A user token: it acts as the person who signs in, with user scopes; an application on localhost gets no bot's. Errors come
 * with status 200, and tokens are of the type `user`. A token expires and has a refresh token if the application has token
 * rotation turned on.
 */
export const slack: Provider = {
  name: 'slack',
  title: 'Slack',
  register: 'https://api.slack.com/apps',
  issuer: 'https://slack.com',
  endpoints: () => ({
    authorization: 'https://slack.com/oauth/v2_user/authorize',
    token: 'https://slack.com/api/oauth.v2.user.access',
  }),
  flows: ['code'],
  hosts: () => ['slack.com'],
  scopes: ['users.profile:read'],
  broad: {
    admin: 'administers the workspace',
    'chat:write': 'writes in the name of the person',
    'channels:history': 'reads every message of the public channels that they are in',
  },
  clientAuth: 'client_secret_post',
  redirectHost: 'localhost',
  redirectPort: 8722,
  conform: (answer) => ({ ...answer, token_type: 'bearer' }),
}
