/** Segments of paths at which sites ask for a login, without `-`, `_` and an extension. Each is in use at a large site or framework. */
const loginSegments = new Set([
  'login', // Django /accounts/login, Jira /login.jsp, LinkedIn /uas/login, X /i/flow/login
  'signin', // GitLab /users/sign_in, Google /v3/signin
  'logon',
  'signon',
  'sso',
  'wplogin', // WordPress /wp-login.php
  'servicelogin', // Google
  'authwall', // LinkedIn
  'reauth',
])

/** First labels of hosts that do nothing but sign users in. `accounts` and `id` also have pages for users who are signed in. */
const loginHosts = new Set(['login', 'signin', 'logon', 'sso', 'auth', 'idp'])

/** Whether a URL is a page to sign in at, or asks an identity provider to sign the user in. */
export function isLoginPage(url: URL): boolean {
  return (
    loginHosts.has(url.hostname.split('.', 1)[0] ?? '') ||
    // A page of scripts may have its paths behind the `#`.
    isLoginPath(url.pathname) ||
    isLoginPath(url.hash) ||
    asksForIdentity(url.searchParams)
  )
}

function isLoginPath(path: string): boolean {
  const segments = path
    .toLowerCase()
    .split(/[/?#!]/)
    .map(bare)
  if (segments.some((segment) => loginSegments.has(segment))) return true
  // Rails: /session/new
  return segments.some((segment, i) => /^sessions?$/.test(segment) && segments[i + 1] === 'new')
}

/** `Sign_In.aspx` → `signin` */
function bare(segment: string): string {
  return segment.replace(/\.[a-z]{2,6}$/, '').replaceAll(/[-_]/g, '')
}

/** OpenID Connect and OAuth (RFC 6749, 4.1.1), SAML (Bindings 3.4.4), WS-Federation 13.2.1. */
function asksForIdentity(query: URLSearchParams): boolean {
  return (
    (query.has('response_type') && query.has('client_id')) ||
    query.has('SAMLRequest') ||
    query.get('wa') === 'wsignin1.0'
  )
}
