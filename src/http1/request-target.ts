import { type Authority, parseAuthority } from './authority.ts'

/** The four forms of RFC 9112, 3.2. `path` is with its query and always starts with `/`. */
export type RequestTarget =
  | { readonly form: 'origin'; readonly path: string }
  | {
      readonly form: 'absolute'
      /** Lower-case. */
      readonly scheme: string
      readonly authority: Authority
      /** The target for the origin (`*` for OPTIONS without path, RFC 9112, 3.2.4). */
      readonly path: string
    }
  | { readonly form: 'authority'; readonly authority: Authority & { readonly port: number } }
  | { readonly form: 'asterisk' }

/**
 * Visible characters and bytes above 0x7F (tools send raw UTF-8 in paths), wider than RFC 3986 as the web is. Not `#`:
 * a fragment never goes to an origin, and a server that cuts it off sees another path than a server that does not.
 */
const targetText = /^[\x21\x22\x24-\x7e\x80-\xff]+$/

const absolute = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)(.*)$/s

export function isTargetText(text: string): boolean {
  return targetText.test(text)
}

/** Parses a request target in a form that its method allows; undefined for any other text. */
export function parseRequestTarget(method: string, target: string): RequestTarget | undefined {
  if (!isTargetText(target)) return undefined
  if (method === 'CONNECT') {
    const authority = parseAuthority(target)
    if (authority?.port === undefined) return undefined
    return { form: 'authority', authority: { ...authority, port: authority.port } }
  }
  if (target.startsWith('/')) return { form: 'origin', path: target }
  if (target === '*') return method === 'OPTIONS' ? { form: 'asterisk' } : undefined
  const match = absolute.exec(target)
  if (match === null) return undefined
  const [, scheme = '', host = '', path = ''] = match
  const authority = parseAuthority(host)
  if (authority === undefined) return undefined
  return { form: 'absolute', scheme: scheme.toLowerCase(), authority, path: originPath(method, path) }
}

function originPath(method: string, path: string): string {
  if (path.startsWith('/')) return path
  return path === '' && method === 'OPTIONS' ? '*' : `/${path}`
}
