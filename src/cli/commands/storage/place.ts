import { HallpassError } from '../../../errors.ts'
import { webOrigin } from '../../../formats/web-origin.ts'
import { siteOperand } from '../cookie/cookie-text.ts'

/** An origin, or a host with those below it, as a person names it. */
export function placeOperand(text: string): string {
  if (!text.includes('://')) return siteOperand(text)
  const origin = webOrigin(text)
  if (origin === undefined) throw new HallpassError('usage', `${text} is not an http or https origin`)
  return origin
}
