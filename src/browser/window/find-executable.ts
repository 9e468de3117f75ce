import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { HallpassError } from '../../errors.ts'

interface Executable {
  readonly name: string
  /** In PATH on Linux. */
  readonly commands: readonly string[]
  readonly darwin: string
  /** Below a folder of programs such as `ProgramFiles`. */
  readonly win32: string
}

/** In the order of the search: the browsers that most people use come first. */
const executables: readonly Executable[] = [
  {
    name: 'chrome',
    commands: ['google-chrome', 'google-chrome-stable'],
    darwin: '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    win32: 'Google\\Chrome\\Application\\chrome.exe',
  },
  {
    name: 'chromium',
    commands: ['chromium', 'chromium-browser'],
    darwin: '/Applications/Chromium.app/Contents/MacOS/Chromium',
    win32: 'Chromium\\Application\\chrome.exe',
  },
  {
    name: 'edge',
    commands: ['microsoft-edge', 'microsoft-edge-stable'],
    darwin: '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    win32: 'Microsoft\\Edge\\Application\\msedge.exe',
  },
  {
    name: 'brave',
    commands: ['brave-browser', 'brave'],
    darwin: '/Applications/Brave Browser.app/Contents/MacOS/Brave Browser',
    win32: 'BraveSoftware\\Brave-Browser\\Application\\brave.exe',
  },
  {
    name: 'firefox',
    commands: ['firefox', 'firefox-esr'],
    darwin: '/Applications/Firefox.app/Contents/MacOS/firefox',
    win32: 'Mozilla Firefox\\firefox.exe',
  },
]

const windowBrowsers: readonly string[] = executables.map(({ name }) => name)

/**
 * The program of a browser.
 * @param wanted a name of `windowBrowsers`, or a path; otherwise the first browser that is installed
 * @throws HallpassError `browser-missing`
 */
export function findExecutable(
  wanted: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string {
  if (wanted !== undefined && (isAbsolute(wanted) || wanted.includes('/'))) {
    if (existsSync(wanted)) return wanted
    throw missing(`there is no ${wanted}`)
  }
  const asked = executables.filter(({ name }) => wanted === undefined || name === wanted)
  if (asked.length === 0)
    throw missing(`there is no browser "${wanted}": choose ${windowBrowsers.join(', ')}`)
  for (const executable of asked) {
    const found = placesOf(executable, env, platform).find(isExecutable)
    if (found !== undefined) return found
  }
  throw missing(
    wanted === undefined
      ? `no browser was found: install one of ${windowBrowsers.join(', ')}`
      : `${wanted} was not found`,
  )
}

function placesOf(
  { commands, darwin, win32 }: Executable,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): readonly string[] {
  if (platform === 'darwin') return [darwin, join(env.HOME ?? '', darwin)]
  if (platform === 'win32') {
    return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) => {
      const folder = env[name]
      return folder === undefined ? [] : [join(folder, win32)]
    })
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return commands.flatMap((command) => folders.map((folder) => join(folder, command)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function missing(what: string): HallpassError {
  return new HallpassError('browser-missing', what, { hint: 'hallpass login --browser PATH URL' })
}
