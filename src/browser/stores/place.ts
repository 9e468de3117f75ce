import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

/** The environment variables that name a folder, the first one that counts first, and the folder without them. */
const bases = {
  home: { variables: [], belowHome: '' },
  /** https://specifications.freedesktop.org/basedir: a relative path counts as unset. */
  config: { variables: ['XDG_CONFIG_HOME'], belowHome: '.config' },
  chromeConfig: { variables: ['CHROME_CONFIG_HOME', 'XDG_CONFIG_HOME'], belowHome: '.config' },
  localData: { variables: ['LOCALAPPDATA'], belowHome: 'AppData/Local' },
  roamingData: { variables: ['APPDATA'], belowHome: 'AppData/Roaming' },
} as const

/** A folder of a browser, below a folder that the user may have moved. */
export type Place = readonly [base: keyof typeof bases, path: string]

export interface Machine {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
}

/** The folders that may be meant. The environment of a browser on the desktop can lack a variable that a terminal has. */
export function foldersAt([base, path]: Place, { env, platform }: Machine): readonly string[] {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix
  const { variables, belowHome } = bases[base]
  const named = variables.map((name) => env[name] ?? '').filter((folder) => isAbsolute(folder))
  return [...named, join(env.HOME ?? homedir(), belowHome)].map((folder) => join(folder, path))
}
