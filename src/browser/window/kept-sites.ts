import { siteOf } from '../../cookies/site.ts'
import { sitePatterns } from '../../plan/site-patterns.ts'
import { bestMatch, type HostPattern } from '../../rules/host-pattern.ts'

/** The sites that a window keeps, with all hosts below them. It keeps nothing of other sites. */
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
