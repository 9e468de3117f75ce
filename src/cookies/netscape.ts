import type { Cookie } from './cookie.ts'

/**
 * A cookies.txt as curl writes it: domain, whether hosts below it count, path, Secure, expiry in seconds (0: session), name, value.
 * The text is latin1, to be written so. The format has no way to carry a TAB (its separator), nor any other control
 * character (a line break would forge a cookie for another site): such a cookie is left out, and a comment says how many were.
 */
export function toNetscape(cookies: readonly Cookie[]): string {
  const lines = cookies.map(line).filter((text) => text !== undefined)
  const left = cookies.length - lines.length
  return [
    '# Netscape HTTP Cookie File',
    ...(left === 0 ? [] : [`# left out, because this format cannot carry them: ${left}`]),
    ...lines,
    '',
  ].join('\n')
}

function line(cookie: Cookie): string | undefined {
  const fields = [
    cookie.hostOnly ? cookie.domain : `.${cookie.domain}`,
    cookie.hostOnly ? 'FALSE' : 'TRUE',
    cookie.path,
    cookie.secure ? 'TRUE' : 'FALSE',
    cookie.expiresAt === undefined ? '0' : String(Math.max(1, Math.floor(cookie.expiresAt / 1000))),
    cookie.name,
    cookie.value,
  ]
  if (fields.some((field) => /[\x00-\x1f\x7f]/.test(field))) return undefined
  // curl's mark for a cookie that scripts do not see; older readers skip it as a comment.
  return `${cookie.httpOnly ? '#HttpOnly_' : ''}${fields.join('\t')}`
}
