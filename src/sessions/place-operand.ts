import { isIPv6 } from 'node:net'
import { HallpassError } from '../errors.ts'
import { webOrigin } from '../formats/web-origin.ts'
import { parseRequestUrl } from '../plan/request-url.ts'

/** Reads the host of a site, given as a host or as any URL of it. @throws HallpassError 'usage' */
export function siteOperand(text: string): string {
  return isIPv6(text) ? text.toLowerCase() : parseRequestUrl(text).host
}

/** Reads an origin, or a host that stands for itself and the hosts below it. @throws HallpassError 'usage' */
export function placeOperand(text: string): string {
  if (!text.includes('://')) return siteOperand(text)
  const origin = webOrigin(text)
  if (origin === undefined) throw new HallpassError('usage', `${text} is not an http or https origin`)
  return origin
}
