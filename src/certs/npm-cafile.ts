import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * The file of certificates that the user's npmrc names. npm_config_cafile beats it, so its certificates must be in the bundle that the
 * variable names: mostly the root of a company's registry.
 */
export function npmCafile(env: NodeJS.ProcessEnv): string | undefined {
  const home = env.HOME || homedir()
  const text = readable(env.npm_config_userconfig || join(home, '.npmrc'))
  const [, value] = /^[ \t]*cafile[ \t]*=[ \t]*"?([^"\r\n]*)/m.exec(text) ?? []
  const path = value?.trim().replace(/^(?:~|\$\{HOME\})(?=\/)/, () => home)
  return path !== undefined && isAbsolute(path) ? path : undefined
}

function readable(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // npm goes on without it too
  }
}
