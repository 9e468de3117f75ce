import { spawn } from 'node:child_process'

/**
 * Shows a page in the person's browser.
 *
 * @param url https, or http of loopback: what else it could be must not reach a system's opener
 * @returns whether something took it; not with an empty BROWSER, and not where there is no screen
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

/** The commands to try, in order, each with its words. */
export function browsers(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly (readonly string[])[] {
  // As xdg-open and Python's webbrowser read it: commands with colons between them.
  if (env.BROWSER !== undefined)
    return env.BROWSER.split(':').flatMap((command) => {
      const words = command.trim().split(/\s+/)
      return command.trim() === '' ? [] : [words]
    })
  if (platform === 'darwin') return [['open']]
  // `start` is of cmd, which would read the `&` of a URL as the end of the command.
  if (platform === 'win32') return [['rundll32', 'url.dll,FileProtocolHandler']]
  // Without a screen it would bring up a text browser on the terminal we talk on.
  return env.DISPLAY || env.WAYLAND_DISPLAY ? [['xdg-open']] : []
}

/** An opener that fails does so at once; one that is the browser itself runs on. */
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
