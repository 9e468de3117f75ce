import { siteOf } from '../../cookies/site.ts'
import { sitePatterns } from '../../plan/site-patterns.ts'
import { bestMatch, type HostPattern } from '../../rules/host-pattern.ts'

/** What a window keeps: the sites that were asked for with everything below them, and nothing of all the others it meets. */
export class KeptSites {
  readonly sites: readonly string[]
  readonly patterns: readonly HostPattern[]

  /** @param hosts canonical */
  constructor(hosts: readonly string[]) {
    this.sites = [...new Set(hosts.map(siteOf))]
    this.patterns = this.sites.flatMap(sitePatterns)
  }

  has(host: string): boolean {
    return bestMatch(this.patterns, host, 443) !== undefined
  }
}
