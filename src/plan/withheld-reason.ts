import type { Freshness } from '../credentials/kind.ts'

/**
 * The reasons for people, in a closed list: a reason names hosts, paths and credentials, and each label of a metric makes a series
 * that stays. The first match decides. Patterns that begin a reason come first, because the rest can be an origin's text.
 */
const reasons = [
  ['not_allowed', /^the request is not allowed$/],
  ['trace', /^a TRACE comes back to the client$/],
  ['browser_window', /^a browser window has its own$/],
  ['only', /^--only does not name /],
  ['public_suffix', /^public suffix /],
  ['host', /^(?:host-only|domain) |^it is only for |^no rule names it here$/],
  ['path', /^path /],
  ['expired', /^expired /],
  ['plain_http', /^secure: not over http$|^not over plain http /],
  ['cross_site', /^(?:(?:samesite \w+|partitioned): )?cross-site request$/],
  ['unfit', /^its value has characters that a header cannot carry$/],
  ['missing', /^no (?:value|token|access token)\b|^the rule names it, but the session does not have it: /],
  ['needs_login', /^needs login: /],
  ['other_credential', / goes into /],
] as const

export type WithheldReason = (typeof reasons)[number][0] | 'other'

export const withheldReasons: readonly WithheldReason[] = [...reasons.map(([label]) => label), 'other']

/** The label for the reason of a cookie or a credential that stays off a request. */
export function withheldReason({
  reason,
  freshness,
}: {
  readonly reason: string
  readonly freshness?: Freshness
}): WithheldReason {
  if (freshness?.needsLogin !== undefined) return 'needs_login'
  return reasons.find(([, pattern]) => pattern.test(reason))?.[0] ?? 'other'
}
