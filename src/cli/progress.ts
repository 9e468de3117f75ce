import type { Context } from './command.ts'
import { visible } from './terminal-text.ts'

/** Fewer items are done before anybody could read the line. */
const fewestShown = 50

/** Shows a line on the terminal that counts up and then disappears; does nothing without a terminal. */
export function progress(context: Context, what: string): (done: number, all: number) => void {
  const tell = liveLine(context)
  return (done, all) => {
    if (all >= fewestShown) tell(done < all ? `${what} ${done} of ${all}` : '')
  }
}

/** Returns a function that replaces a line on the terminal; an empty text removes it. Does nothing without a terminal. */
export function liveLine({ flags }: Context): (text: string) => void {
  const { stderr, env } = process
  if (!stderr.isTTY || flags.quiet || flags.json || env.TERM === 'dumb' || env.CI) return () => {}
  let shown = ''
  return (foreign) => {
    const text = visible(foreign)
    if (text === shown) return
    const clear = text.length < shown.length ? '\x1b[K' : ''
    shown = text
    // A CR goes back to the beginning of one row only, so the line must not wrap.
    stderr.write(`\r${clear}${text.slice(0, (stderr.columns || 80) - 1)}`)
  }
}
