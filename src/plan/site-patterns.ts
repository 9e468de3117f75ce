import { siteOf } from '../cookies/site.ts'
import { type HostPattern, parseHostPattern } from '../rules/host-pattern.ts'

/** The site of a host and everything below it. An address has nothing below it. */
export function sitePatterns(host: string): readonly HostPattern[] {
  const site = siteOf(host)
  const text = site.includes(':') ? `[${site}]` : site
  const isAddress = site.includes(':') || /^[\d.]+$/.test(site)
  return (isAddress ? [text] : [text, `*.${text}`]).map(parseHostPattern)
}
