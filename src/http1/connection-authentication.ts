import type { FieldLine } from './field-line.ts'

/**
 * Schemes that authenticate a connection, not a request. By RFC 9110, section 11.1, authentication is of one request, and
 * the IANA registry of schemes marks Negotiate as its only exception (RFC 4559). The others are Microsoft's and registered
 * nowhere. So the list is short and closed: an unknown scheme is of one request. A longer name with one of these at its
 * start counts too, which costs a connection and leaks nothing.
 */
const scheme = /^(?:ntlm|negotiate|nego2|kerberos|credssp)/i

/** Whether a field says that the origin ties its connection to the user, or begins to. */
export function bindsConnection({ lower, value }: Pick<FieldLine, 'lower' | 'value'>): boolean {
  switch (lower) {
    case 'authorization':
      return scheme.test(value)
    case 'www-authenticate':
    case 'proxy-authenticate':
      // A comma inside a quoted string may make a member by mistake, which leaks nothing either.
      return value.split(',').some((member) => scheme.test(member.trim()))
    // IIS says with it that it will ask this connection for nothing more.
    case 'persistent-auth':
      return true
    default:
      return false
  }
}
