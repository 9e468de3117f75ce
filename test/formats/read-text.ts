import type { GivenCookie, Reading, ReadOptions } from '../../src/formats/format.ts'
import { allFormats, formatOf } from '../../src/formats/formats.ts'
import { Source } from '../../src/formats/source.ts'

export const now = Date.UTC(2026, 0, 1)

const formats = await allFormats()

/** Reads a text as an import does: in the named format, or in the format that it shows. */
export function read(
  text: string | Uint8Array,
  format?: string,
  options: Partial<ReadOptions> = {},
): Reading {
  const source = new Source(typeof text === 'string' ? Buffer.from(text) : text)
  const found = format === undefined ? formatOf(source, formats) : formats.find(({ name }) => name === format)
  if (found === undefined) throw new Error(`no format ${format}`)
  return found.read(source, { now, ...options })
}

/** The cookies, each reduced to the members that differ from the plainest cookie. */
export function cookiesOf(reading: Reading): Partial<GivenCookie>[] {
  const plain = { hostOnly: true, path: '/', secure: false, httpOnly: false, sameSite: 'default' }
  return reading.cookies.map(({ cookie }) =>
    Object.fromEntries(
      Object.entries(cookie).filter(
        ([key, value]) => !(key in plain) || value !== plain[key as keyof typeof plain],
      ),
    ),
  )
}

export const formatOfText = (text: string) => formatOf(new Source(Buffer.from(text)), formats).name
