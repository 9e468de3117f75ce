import type { RequestHead } from '../http1/request-head.ts'
import type { PlanRequest } from './plan.ts'

/** Methods whose cross-site navigation carries SameSite=Lax cookies (RFC 6265bis, 5.6.7.1). */
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** A tool's request counts as same-site. Browsers say what theirs is (Fetch Metadata). */
export function siteOfRequest(head: RequestHead): PlanRequest['site'] {
  let crossSite = false
  let navigation = false
  for (const { lower, value } of head.fields) {
    if (lower === 'sec-fetch-site') crossSite ||= value.toLowerCase() === 'cross-site'
    else if (lower === 'sec-fetch-mode') navigation = value.toLowerCase() === 'navigate'
  }
  if (!crossSite) return 'same-site'
  return navigation && safe.has(head.method) ? 'cross-site-navigation' : 'cross-site'
}
