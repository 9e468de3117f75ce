import type { Provider } from '../provider.ts'

/**
 * Google: "OAuth 2.0 for iOS & Desktop Apps" and "OAuth 2.0 for TV and Limited-Input Device Applications"
 * (developers.google.com/identity/protocols/oauth2).
 *
 * A desktop client has a secret, which Google itself does not count as one, but wants. A refresh token comes with
 * access_type=offline, and for a person who has consented before with prompt=consent alone. The device flow knows a few
 * scopes only, and needs a client of the type "TVs and Limited Input devices".
 */
export const google: Provider = {
  name: 'google',
  title: 'Google',
  register: 'https://console.cloud.google.com/auth/clients',
  issuer: 'https://accounts.google.com',
  flows: ['code', 'device'],
  hosts: () => ['*.googleapis.com'],
  scopes: ['openid', 'email'],
  broad: {
    'https://mail.google.com/': 'reads, sends and deletes all mail; gmail.readonly reads it',
    'https://www.googleapis.com/auth/drive': 'every file of the drive; drive.file is those that the app made',
    'https://www.googleapis.com/auth/cloud-platform': 'everything in every project of the cloud',
  },
  offline: { parameters: { access_type: 'offline', prompt: 'consent' } },
  clientAuth: 'client_secret_post',
  secretNeeded: true,
}
