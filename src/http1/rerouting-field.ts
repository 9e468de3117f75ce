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

/** The name of the field among these, in its usual spelling; undefined for every other field. */
export function reroutingField(lower: string): string | undefined {
  // Servers that put fields into environment variables fold every other character: X_HTTP_Method.Override.
  const folded = lower.replace(/[^a-z0-9]/g, '-')
  return fieldNames.has(folded) ? folded : undefined
}
