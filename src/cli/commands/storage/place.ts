import { HallpassError } from '../../../errors.ts'
import { webOrigin } from '../../../formats/web-origin.ts'
import { siteOperand } from '../cookie/cookie-text.ts'

/** Reads an origin, or a host that stands for itself and the hosts below it. */
export function placeOperand(text: string): string {
  if (!text.includes('://')) return siteOperand(text)
  const origin = webOrigin(text)
  if (origin === undefined) throw new HallpassError('usage', `${text} is not an http or https origin`)
  return origin
}
