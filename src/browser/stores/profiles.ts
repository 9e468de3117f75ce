import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, isAbsolute, join } from 'node:path'
import { HallpassError } from '../../errors.ts'
import type { SafeStorage } from './chrome-keys.ts'

export interface Browser {
  readonly name: string
  readonly engine: 'firefox' | 'chrome'
  /** The folders that may hold profiles, below the home folder or one of Windows. */
  readonly roots: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>>
  readonly storage?: SafeStorage
}

/** Windows paths begin with the variable that holds their first part. */
const local = '%LOCALAPPDATA%'

/** Where each keeps its profiles; Linux with the snap and flatpak places that distributions use. */
export const browsers: readonly Browser[] = [
  {
    name: 'firefox',
    engine: 'firefox',
    roots: {
      linux: [
        '.mozilla/firefox',
        '.config/mozilla/firefox',
        'snap/firefox/common/.mozilla/firefox',
        '.var/app/org.mozilla.firefox/.mozilla/firefox',
      ],
      darwin: ['Library/Application Support/Firefox'],
      win32: ['%APPDATA%/Mozilla/Firefox'],
    },
  },
  chrome('chrome', 'chrome', 'Chrome Safe Storage', {
    linux: ['.config/google-chrome', '.var/app/com.google.Chrome/config/google-chrome'],
    darwin: ['Library/Application Support/Google/Chrome'],
    win32: [`${local}/Google/Chrome/User Data`],
  }),
  chrome('chromium', 'chromium', 'Chromium Safe Storage', {
    linux: [
      '.config/chromium',
      'snap/chromium/common/chromium',
      '.var/app/org.chromium.Chromium/config/chromium',
    ],
    darwin: ['Library/Application Support/Chromium'],
    win32: [`${local}/Chromium/User Data`],
  }),
  chrome('brave', 'brave', 'Brave Safe Storage', {
    linux: [
      '.config/BraveSoftware/Brave-Browser',
      'snap/brave/current/.config/BraveSoftware/Brave-Browser',
      '.var/app/com.brave.Browser/config/BraveSoftware/Brave-Browser',
    ],
    darwin: ['Library/Application Support/BraveSoftware/Brave-Browser'],
    win32: [`${local}/BraveSoftware/Brave-Browser/User Data`],
  }),
  chrome('edge', 'microsoft-edge', 'Microsoft Edge Safe Storage', {
    linux: ['.config/microsoft-edge', '.var/app/com.microsoft.Edge/config/microsoft-edge'],
    darwin: ['Library/Application Support/Microsoft Edge'],
    win32: [`${local}/Microsoft/Edge/User Data`],
  }),
]

function chrome(name: string, application: string, item: string, roots: Browser['roots']): Browser {
  return { name, engine: 'chrome', roots, storage: { application, item } }
}

export interface Profile {
  readonly browser: Browser
  /** As `--profile` takes it. */
  readonly name: string
  /** The database of its cookies. */
  readonly cookies: string
  /** The folder above the profiles. */
  readonly root: string
}

export interface Machine {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
}

/**
 * The profile of a browser: the one that `profile` names, by name or as a path, else the one used last.
 * @throws HallpassError `profile-missing` that names what there is
 */
export function findProfile(
  browser: Browser,
  profile: string | undefined,
  machine: Machine = { env: process.env, platform: process.platform },
): Profile {
  const found = profilesOf(browser, machine)
  const named = found.filter(({ name }) => name === profile)
  const [chosen] = profile === undefined ? found.toSorted((a, b) => usedAt(b) - usedAt(a)) : named
  if (chosen !== undefined) return chosen
  if (profile !== undefined && (isAbsolute(profile) || existsSync(profile)))
    return profileAt(browser, profile)
  const there = found.map(({ name }) => name).join(', ')
  throw new HallpassError(
    'profile-missing',
    profile === undefined
      ? `no profile of ${browser.name} with cookies was found`
      : `${browser.name} has no profile "${profile}"; there ${found.length === 0 ? 'is none' : `are ${there}`}`,
    { hint: `hallpass import --from ${browser.name} --profile FOLDER` },
  )
}

/** Every profile that has cookies. */
function profilesOf(browser: Browser, { env, platform }: Machine): readonly Profile[] {
  return (browser.roots[platform] ?? []).flatMap((below) => {
    const root = rootOf(below, env)
    if (root === undefined || !existsSync(root)) return []
    const folders = readable(browser, root, () =>
      browser.engine === 'firefox' ? firefoxFolders(root) : chromeFolders(root),
    )
    return folders.flatMap(({ name, folder }) => {
      const cookies = cookiesIn(browser, folder)
      return cookies === undefined ? [] : [{ browser, name, cookies, root }]
    })
  })
}

function readable<T>({ name }: Browser, root: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const message = `the profiles of ${name} in ${root} cannot be read: ${why}`
    throw new HallpassError('profile-unreadable', message, {
      hint: `hallpass import --from ${name} --profile FOLDER`,
      cause: error,
    })
  }
}

/** A profile's folder, or its database. */
function profileAt(browser: Browser, path: string): Profile {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const cookies = folder ? cookiesIn(browser, path) : path
  if (cookies === undefined || !existsSync(cookies)) {
    throw new HallpassError(
      'profile-missing',
      `${path} is no profile of ${browser.name}: it has no cookies`,
      {
        hint: `hallpass import --from ${browser.name}`,
      },
    )
  }
  return { browser, name: basename(path), cookies, root: join(folder ? path : join(path, '..'), '..') }
}

function cookiesIn({ engine }: Browser, folder: string): string | undefined {
  const names = engine === 'firefox' ? ['cookies.sqlite'] : [join('Network', 'Cookies'), 'Cookies']
  return names.map((name) => join(folder, name)).find((file) => existsSync(file))
}

/** `profiles.ini` says where they are and what their user calls them. */
function firefoxFolders(root: string): readonly { readonly name: string; readonly folder: string }[] {
  const file = join(root, 'profiles.ini')
  if (!existsSync(file)) return []
  const sections = readFileSync(file, 'utf8').split(/^\[/m)
  return sections.flatMap((section) => {
    const value = (key: string) => new RegExp(`^${key}=(.*?)\\r?$`, 'm').exec(section)?.[1]
    const path = section.startsWith('Profile') ? value('Path') : undefined
    if (path === undefined) return []
    const folder = value('IsRelative') === '0' ? path : join(root, path)
    return [{ name: value('Name') ?? basename(path), folder }]
  })
}

function chromeFolders(root: string): readonly { readonly name: string; readonly folder: string }[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^(Default|Profile \d+|Guest Profile)$/.test(entry.name))
    .map(({ name }) => ({ name, folder: join(root, name) }))
}

function rootOf(below: string, env: NodeJS.ProcessEnv): string | undefined {
  const [, variable, rest] = /^%(\w+)%\/(.*)$/.exec(below) ?? []
  if (variable === undefined) return join(env.HOME ?? homedir(), below)
  const first = env[variable]
  return first === undefined ? undefined : join(first, rest ?? '')
}

function usedAt({ cookies }: Profile): number {
  return [cookies, `${cookies}-wal`]
    .map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .reduce((a, b) => Math.max(a, b))
}
