import { spawn } from 'node:child_process'

/**
 * Opens a page in the user's browser.
 *
 * @param url https, or http on loopback: no other scheme may reach the opener of the system
 * @returns whether an opener took the URL; false if BROWSER is empty or there is no screen
 */
export async function openBrowser(url: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  for (const [command, ...words] of browsers(env, process.platform)) {
    if (command === undefined) continue
    const args = words.some((word) => word.includes('%s'))
      ? words.map((word) => word.replaceAll('%s', url))
      : [...words, url]
    if (await started(command, args, env)) return true
  }
  return false
}

/** The commands to try, in order; each is a program and its arguments. */
export function browsers(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly (readonly string[])[] {
  // Commands separated by colons, as xdg-open and Python's webbrowser read BROWSER.
  if (env.BROWSER !== undefined)
    return env.BROWSER.split(':').flatMap((command) => {
      const words = command.trim().split(/\s+/)
      return command.trim() === '' ? [] : [words]
    })
  if (platform === 'darwin') return [['open']]
  // Not `start`: cmd would read the `&` of a URL as the end of the command.
  if (platform === 'win32') return [['rundll32', 'url.dll,FileProtocolHandler']]
  // Without a screen xdg-open would start a text browser on this terminal.
  return env.DISPLAY || env.WAYLAND_DISPLAY ? [['xdg-open']] : []
}

/** An opener that fails ends at once. After this time the process is taken for the browser itself. */
const settledMs = 1_500

function started(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: 'ignore', detached: true })
    const timer = setTimeout(() => resolve(true), settledMs).unref()
    child.once('error', () => settle(false))
    child.once('exit', (status) => settle(status === 0))
    child.unref()
    function settle(done: boolean) {
      clearTimeout(timer)
      resolve(done)
    }
  })
}
