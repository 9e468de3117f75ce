import type { SameSite } from '../cookies/cookie.ts'
import { ignoredAttributes } from '../cookies/set-cookie.ts'
import type { GivenCookie } from './format.ts'

/** An attribute that is there and makes no sense. An absent one has the default of its format. */
export const unreadable: unique symbol = Symbol('unreadable')

type Found<T> = T | typeof unreadable

/** A cookie as a reader finds it. Name, value and domain must be readable: without them there is no cookie. */
export interface FoundCookie {
  readonly name: string
  readonly value: string
  readonly domain: { readonly domain: string; readonly dotted: boolean }
  /** undefined: the dot before the domain decides. */
  readonly hostOnly: Found<boolean> | undefined
  readonly path: Found<string>
  readonly expiresAt: Found<number> | undefined
  readonly secure: Found<boolean>
  readonly httpOnly: Found<boolean>
  readonly sameSite: Found<SameSite>
  /** An unreadable partition leaves no cookie: it may be the cookie of another site. */
  readonly partitioned: boolean
}

/** A cookie, and a sentence about each attribute of it that could not be read. */
export interface KeptCookie {
  readonly cookie: GivenCookie
  readonly flaws: readonly string[]
}

/** For each attribute. */
const flaws = {
  hosts: 'whether it goes to the hosts below its own cannot be read, so the dot before the domain decides',
  path: 'the path cannot be read, so it gets the default path',
  expires: 'the expiry is not a time, so it stays until you remove it',
  secure: 'Secure is neither true nor false, so it goes only over https',
  httpOnly: 'HttpOnly is neither true nor false, so it is hidden from scripts',
  sameSite: 'SameSite has no known value, so it stays as if the site had not set it',
} as const

/**
 * Keeps a cookie as far as it can be read. For an unreadable attribute it has the value that lets out the least, and else the
 * value that a browser takes for such a Set-Cookie line (RFC 6265bis 5.6).
 */
export function keptCookie(found: FoundCookie): KeptCookie {
  const { name, value, domain, hostOnly, path, expiresAt, secure, httpOnly, sameSite, partitioned } = found
  const kept = {
    path: typeof path === 'string' && path.startsWith('/') ? path : undefined,
    expiresAt: typeof expiresAt === 'number' && Number.isFinite(expiresAt) ? expiresAt : undefined,
    secure: secure === unreadable || secure,
    sameSite: sameSite === unreadable ? 'default' : sameSite,
  } as const
  return {
    cookie: {
      name,
      value,
      domain: domain.domain,
      hostOnly: typeof hostOnly === 'boolean' ? hostOnly : !domain.dotted,
      path: kept.path ?? '/',
      secure: kept.secure,
      httpOnly: httpOnly === unreadable || httpOnly,
      // Firefox and older Chrome write None for a cookie without the attribute, also when the cookie is not Secure. No
      // browser takes such a cookie.
      sameSite: kept.sameSite === 'none' && !kept.secure ? 'default' : kept.sameSite,
      ...(partitioned ? { partitioned } : {}),
      ...(kept.expiresAt === undefined ? {} : { expiresAt: kept.expiresAt }),
    },
    flaws: [
      ...(hostOnly === unreadable ? [flaws.hosts] : []),
      ...(kept.path === undefined ? [flaws.path] : []),
      ...(expiresAt !== undefined && kept.expiresAt === undefined ? [flaws.expires] : []),
      ...(secure === unreadable ? [flaws.secure] : []),
      ...(httpOnly === unreadable ? [flaws.httpOnly] : []),
      ...(sameSite === unreadable ? [flaws.sameSite] : []),
    ],
  }
}

/** The same sentences about a Set-Cookie line, which the jar reads as a browser does. */
export function flawsOfLine(line: string): readonly string[] {
  return ignoredAttributes(line).map((attribute) => flaws[attribute])
}
