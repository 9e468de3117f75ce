import type { Context } from './command.ts'

/** Less than this is done before anyone could read it. */
const worthTelling = 50

/** One line on the terminal that counts up and goes away; nothing elsewhere. */
export function progress({ flags }: Context, what: string): (done: number, all: number) => void {
  const { stderr, env } = process
  if (!stderr.isTTY || flags.quiet || flags.json || env.TERM === 'dumb' || env.CI) return () => {}
  return (done, all) => {
    if (all < worthTelling) return
    stderr.write(done < all ? `\r${what} ${done} of ${all}` : `\r\x1b[K`)
  }
}
