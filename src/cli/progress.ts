import type { Context } from './command.ts'
import { visible } from './terminal-text.ts'

/** Less than this is done before anyone could read it. */
const worthTelling = 50

/** One line on the terminal that counts up and goes away; nothing elsewhere. */
export function progress(context: Context, what: string): (done: number, all: number) => void {
  const tell = liveLine(context)
  return (done, all) => {
    if (all >= worthTelling) tell(done < all ? `${what} ${done} of ${all}` : '')
  }
}

/** A line on the terminal that each call writes anew, the last one with nothing; elsewhere there is none. */
export function liveLine({ flags }: Context): (text: string) => void {
  const { stderr, env } = process
  if (!stderr.isTTY || flags.quiet || flags.json || env.TERM === 'dumb' || env.CI) return () => {}
  let shown = ''
  return (foreign) => {
    const text = visible(foreign)
    if (text === shown) return
    const clear = text.length < shown.length ? '\x1b[K' : ''
    shown = text
    // A line that wraps could not be taken back.
    stderr.write(`\r${clear}${text.slice(0, (stderr.columns || 80) - 1)}`)
  }
}
