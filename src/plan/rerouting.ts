import { percentDecode } from '../credentials/percent-encoding.ts'
import type { ClientHead } from './client-head.ts'

/**
 * Fields in which frameworks and gateways read another method or path than that of the request line. Attack: the rule allows
 * `POST /search`, and `X-HTTP-Method-Override: DELETE` or `X-Original-URL: /admin` makes another request of it.
 */
const fieldNames: ReadonlySet<string> = new Set([
  // Rails, Symfony, Laravel, Express, Spring, ASP.NET and Google's APIs; OData; older ASP.NET.
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  // Symfony and ASP.NET behind IIS; Zend behind ISAPI_Rewrite.
  'x-original-url',
  'x-rewrite-url',
  'x-override-url',
  // Ingress controllers and forward authentication: nginx, Traefik, Caddy, Envoy.
  'x-original-method',
  'x-original-uri',
  'x-forwarded-method',
  'x-forwarded-uri',
  'x-forwarded-url',
  'x-forwarded-path',
  'x-envoy-original-path',
  // A prefix that the framework cuts off the path or puts before it: Spring, ASP.NET, WSGI.
  'x-forwarded-prefix',
  'x-script-name',
])

export interface Rerouting {
  /** The client's head without it. */
  readonly rest: ClientHead
  /** Lower-case names of the fields, as the client spelled them. */
  readonly fields: readonly string[]
  /** For people: `x-http-method-override`, `?_method`. */
  readonly names: readonly string[]
}

/** The fields and query parameters of a head that name another method or path; undefined where it has none. */
export function reroutingIn({ target, fields }: ClientHead): Rerouting | undefined {
  const found = new Set<string>()
  const names = new Set<string>()
  for (const { name, lower = name.toLowerCase() } of fields) {
    // Servers that put fields into environment variables fold every other character: X_HTTP_Method.Override.
    const folded = lower.replace(/[^a-z0-9]/g, '-')
    if (!fieldNames.has(folded)) continue
    found.add(lower)
    names.add(folded)
  }
  const straight = withoutMethodParam(target)
  if (straight !== target) names.add('?_method')
  if (names.size === 0) return undefined
  const kept = fields.filter(({ name, lower = name.toLowerCase() }) => !found.has(lower))
  return { rest: { target: straight, fields: kept }, fields: [...found], names: [...names] }
}

/** Symfony, Laravel and Spring read the method from `_method`, also in the query. */
function withoutMethodParam(target: string): string {
  const at = target.indexOf('?')
  if (at === -1) return target
  const parts = target.slice(at + 1).split('&')
  // Some servers separate parameters by semicolons too.
  const kept = parts.filter((part) => !part.split(';').some(isMethodParam))
  if (kept.length === parts.length) return target
  return kept.length === 0 ? target.slice(0, at) : `${target.slice(0, at)}?${kept.join('&')}`
}

/** PHP drops spaces before a name, reads `.` and a space in it as `_`, and ends it at a NUL. */
function isMethodParam(pair: string): boolean {
  const [name = ''] = pair.split('=', 1)
  return /^ *[_. ]method(?:\0|$)/i.test(percentDecode(name.replaceAll('+', ' ')))
}
