import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Home } from '../store/home.ts'
import { withLock } from '../store/lock.ts'
import { recordLock } from '../store/record-path.ts'
import { replaceFile } from '../store/replace-file.ts'
import { caKeyId } from '../store/seal.ts'

/** The system-wide configuration of wget, in distributions and in Homebrew. */
const systemFiles = ['/etc/wgetrc', '/usr/local/etc/wgetrc', '/opt/homebrew/etc/wgetrc']

/** The file that SYSTEM_WGETRC names for a child. */
export function wgetrcPath(home: Pick<Home, 'caBundle'>): string {
  return join(dirname(home.caBundle), 'wgetrc')
}

/**
 * wget with GnuTLS (Debian's) has no variable for its trust store, but one for its system-wide configuration. This file is that
 * configuration with our bundle added. wget still reads the user's own ~/.wgetrc, which wins.
 */
export async function writeWgetrc(home: Home, env: NodeJS.ProcessEnv): Promise<void> {
  const path = wgetrcPath(home)
  const inherited = env.SYSTEM_WGETRC
  const candidates = inherited && inherited !== path ? [inherited, ...systemFiles] : systemFiles
  const base = candidates.find((file) => existsSync(file))
  const settings = base === undefined ? '' : `${readable(base).trimEnd()}\n`
  const text = `${settings}ca_certificate = ${home.caBundle}\n`
  await withLock(recordLock(home, { ...caKeyId, name: 'wgetrc' }), async () => {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return
    await replaceFile(path, text)
  })
}

function readable(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // wget itself goes on without a configuration if it cannot read one.
    return ''
  }
}
