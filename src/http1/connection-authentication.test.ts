import { describe, expect, it } from 'vitest'
import { bindsConnection } from './connection-authentication.ts'

describe('a field that binds its connection to a user', () => {
  it.each([
    ['authorization', 'NTLM TlRMTVNTUAAB'],
    ['authorization', 'negotiate YII'],
    ['authorization', 'Kerberos YII'],
    ['authorization', 'CredSSP TlRM'],
    ['www-authenticate', 'NTLM'],
    ['www-authenticate', 'Negotiate YII='],
    ['www-authenticate', 'Basic realm="a, b",\tNegotiate, NTLM'],
    ['www-authenticate', ',ntlm'],
    ['proxy-authenticate', 'Nego2'],
    ['persistent-auth', 'true'],
  ])('%s: %s', (lower, value) => expect(bindsConnection({ lower, value })).toBe(true))

  it.each([
    ['authorization', 'Bearer ntlm'],
    ['authorization', 'token abc'],
    ['www-authenticate', 'Basic realm="NTLM"'],
    ['www-authenticate', 'Digest qop="auth,auth-int", algorithm=MD5'],
    ['www-authenticate', 'Bearer error="invalid_token"'],
    ['x-note', 'NTLM'],
  ])('is not %s: %s', (lower, value) => expect(bindsConnection({ lower, value })).toBe(false))
})
