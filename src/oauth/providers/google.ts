import type { Provider } from '../provider.ts'

/**
 * Google: "OAuth 2.0 for iOS & Desktop Apps" and "OAuth 2.0 for TV and Limited-Input Device Applications"
 * (developers.google.com/identity/protocols/oauth2).
 *
 * A desktop client has a secret. Google does not treat it as secret, but wants it. A refresh token comes with
 * access_type=offline. A person who has consented before gets it only with prompt=consent. The device flow allows few
 * scopes, and needs a client of the type "TVs and Limited Input devices".
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
    'https://www.googleapis.com/auth/drive':
      'every file of the drive; drive.file covers the files that the app made',
    'https://www.googleapis.com/auth/cloud-platform': 'everything in every project of the cloud',
  },
  offline: { parameters: { access_type: 'offline', prompt: 'consent' } },
  clientAuth: 'client_secret_post',
  secretNeeded: true,
}
