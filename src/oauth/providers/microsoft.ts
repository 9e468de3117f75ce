import type { Provider } from '../provider.ts'

/**
 * Microsoft identity platform (Entra ID): "OAuth 2.0 authorization code flow", "device authorization grant" and "client
 * credentials flow", and "Redirect URI best practices" (learn.microsoft.com/entra/identity-platform).
 *
 * The portal takes http://localhost as a redirect URI, with any port at run time, but no 127.0.0.1. Client credentials need
 * a tenant, and the one scope RESOURCE/.default.
 */
export const microsoft: Provider = {
  name: 'microsoft',
  title: 'Microsoft',
  register: 'https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps',
  issuer: 'https://login.microsoftonline.com/common/v2.0',
  issuerOf: (tenant) => `https://login.microsoftonline.com/${tenant}/v2.0`,
  domain: 'TENANT',
  flows: ['code', 'device', 'client-credentials'],
  hosts: () => ['graph.microsoft.com'],
  scopes: ['User.Read'],
  broad: {
    'Directory.ReadWrite.All': 'changes every object of the directory',
    'Mail.ReadWrite': 'changes and deletes mail; Mail.Read reads it',
    'Files.ReadWrite.All': 'changes every file that the person can; Files.Read reads their own',
  },
  offline: { scopes: ['offline_access'] },
  clientAuth: 'client_secret_post',
  redirectHost: 'localhost',
}
