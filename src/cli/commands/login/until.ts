import type { Until } from '../../../browser/window/use-window.ts'
import { HallpassError } from '../../../errors.ts'
import type { Glob } from '../../../rules/glob.ts'

/** `url=GLOB`, `cookie=NAME`, `closed`. @throws HallpassError `usage` */
export function parseUntil(text: string | undefined): Until | undefined {
  if (text === undefined) return undefined
  if (text === 'closed') return { kind: 'closed' }
  const [, kind, value] = /^(url|cookie)=(.+)$/.exec(text) ?? []
  if (kind === 'cookie' && value !== undefined) return { kind, name: value }
  if (kind === 'url' && value !== undefined) return { kind, text: value, glob: globOf(value) }
  throw new HallpassError('usage', '--until must be url=GLOB, cookie=NAME or closed', {
    hint: 'hallpass login app.example.com --until cookie=sid',
  })
}

/** `*` matches any text, also a slash. `?` is not a wildcard, as it begins a query. */
function globOf(text: string): Glob {
  return text.split('*').flatMap((piece, index) => (index === 0 ? [piece] : ['**', piece]))
}
