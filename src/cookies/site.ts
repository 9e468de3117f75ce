import { canonicalDomain, domainMatch, getPublicSuffix } from 'tough-cookie'
import { isLoopbackHost } from '../rules/loopback.ts'
import type { RequestUrl } from './cookie.ts'

/** The host names that this proxy accepts. Any other text is never cut into a site. */
const hostName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/

/** RFC 1035 2.3.4. */
const maxHostLength = 253

/** The WHATWG URL rule: a host whose last label is a number is an IPv4 address, however it is spelled (127.1, 0x7f.1). */
const endsInNumber = /(^|\.)(\d+|0x[0-9a-f]*)$/

/** Nothing that could close the brackets of a URL, so that a URL parser may judge the rest. */
const ipv6Text = /^[0-9a-f.]*:[0-9a-f:.]*$/i

/** An IP address, for which no domain cookie and no parent exists. */
export function isAddress(host: string): boolean {
  return endsInNumber.test(host) || isIpv6(host)
}

/** A host as the jar compares it: lower case, IDN as punycode, no trailing dot, IPv6 in its short form without brackets. */
export function canonicalHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  try {
    return canonicalDomain(bare) ?? bare.toLowerCase()
  } catch {
    return bare.toLowerCase()
  }
}

/** Whether a text is a canonical host as the jar keeps it: a name of plain labels, or an address. */
export function isHostName(text: string): boolean {
  return text.length <= maxHostLength && (hostName.test(text) || isIpv6(text)) && canonicalHost(text) === text
}

/**
 * The registrable domain of a host by the public suffix list, or the host itself for an address, for `localhost`, and for
 * a public suffix.
 */
export function siteOf(host: string): string {
  const canonical = canonicalHost(host)
  return registrableDomain(canonical) ?? canonical
}

/** A domain below which unrelated parties have names (`co.uk`, `github.io`), or any single label. */
export function isPublicSuffix(domain: string): boolean {
  return !isAddress(domain) && registrableDomain(domain) === undefined
}

/** RFC 6265bis 5.1.3 on canonical names. Addresses have no subdomains, however they are spelled. */
export function hostMatches(host: string, domain: string): boolean {
  return host === domain || (!isAddress(host) && domainMatch(host, domain, false) === true)
}

/**
 * A connection that Secure cookies may travel on: TLS, or the loopback as browsers and curl have it (a development server on
 * http://localhost would otherwise never keep a session). The same hosts as for credentials.
 */
export function isSecure(url: Pick<RequestUrl, 'scheme' | 'host'>): boolean {
  return url.scheme === 'https' || isLoopbackHost(url.host)
}

function registrableDomain(host: string): string | undefined {
  // The library reads anything as a URL ('a@b', 'a/b'): only plain names reach it.
  if (isAddress(host) || !hostName.test(host)) return undefined
  return getPublicSuffix(host, { ignoreError: true })
}

function isIpv6(host: string): boolean {
  return ipv6Text.test(host) && URL.canParse(`http://[${host}]/`)
}
