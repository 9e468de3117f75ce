import { type Glob, matchesGlob } from './glob.ts'

/** An entry of a rule's `allow`: a method (`*` for any) and a path, `*` within one segment, `**` across segments. */
export interface RequestPattern {
  readonly method: string
  readonly path: Glob
  readonly text: string
}

/** Each decoding may bring out another escape (%252e); servers that decode twice exist, ones that decode five times do not. */
const maxDecodings = 4

/** @throws Error whose message is the reason. */
export function parseRequestPattern(text: string): RequestPattern {
  const match = /^([!#$%&'*+.^_`|~\dA-Za-z-]+) +(\/[\x21-\x7e]*)$/.exec(text.trim())
  const [, method, path] = match ?? []
  if (method === undefined || path === undefined)
    throw new Error('must be a method and a path, such as "GET /**" or "POST /repos/*/issues"')
  if (/[?#]/.test(path)) throw new Error('a path pattern has no query and no fragment')
  if (path.includes('***')) throw new Error('"***" means nothing; "*" is one segment, "**" any number')
  return {
    method,
    path: path.split(/(\*\*|\*)/),
    text: `${method} ${path}`,
  }
}

/**
 * HEAD goes where GET may: it shows less. A path is allowed only if every way in which an origin may read it is
 * allowed, so that `/public/..%2fadmin`, `/public/..;/admin` or `/public//../admin` do not slip through `GET /public/**`.
 * @param target path with or without query
 */
export function matchesRequest(pattern: RequestPattern, method: string, target: string): boolean {
  const sameMethod =
    pattern.method === '*' || pattern.method === method || (pattern.method === 'GET' && method === 'HEAD')
  if (!sameMethod) return false
  const readings = readingsOf(target)
  return readings?.every((path) => matchesGlob(pattern.path, path)) ?? false
}

/** The path as sent, as decoded, and with slashes merged; undefined when a reading of it climbs with dot segments. */
function readingsOf(target: string): readonly string[] | undefined {
  const end = target.search(/[?#]/)
  const sent = end === -1 ? target : target.slice(0, end)
  const readings = [sent]
  let path = sent
  for (let round = 0; path.includes('%'); round++) {
    const decoded = path.replace(/%([\dA-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (decoded === path) break
    if (round === maxDecodings) return undefined
    readings.push(decoded)
    path = decoded
  }
  const slashed = path.replaceAll('\\', '/')
  if (slashed !== path) readings.push(slashed)
  const merged = slashed.replace(/\/{2,}/g, '/')
  if (merged !== slashed) readings.push(merged)
  // `..;x` is `..` to servers that cut path parameters off (Tomcat).
  const climbs = merged.split('/').some((segment) => /^\.{1,2}(?:;.*)?$/s.test(segment))
  // NUL ends a path for some, a line break splits it.
  return climbs || /[\0\r\n]/.test(merged) ? undefined : readings
}
