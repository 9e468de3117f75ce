import { quotedPath } from '../store/own-files.ts'
import type { GlobalFlags } from './command.ts'

const ofSession = /^hallpass (run|env|login|open|explain|token|cookie|storage|session show|import|export)\b/

/** A command to type next, about the state folder and the session that this one was told: without them it would look elsewhere. */
export function inSamePlace(
  command: string,
  { home, session = 'default' }: Partial<Pick<GlobalFlags, 'home' | 'session'>>,
): string {
  if (!command.startsWith('hallpass ') || command.includes(';')) return command
  const [own = '', ...child] = command.split(/(?= -- )/)
  const place = home === undefined || own.includes(' --home ') ? '' : ` --home ${quotedPath(home)}`
  const whose =
    session === 'default' || own.includes(' --session ') || !ofSession.test(own)
      ? ''
      : ` --session ${quotedPath(session)}`
  return [own, whose, place, ...child].join('')
}
