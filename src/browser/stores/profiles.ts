import { existsSync, statSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'
import { HallpassError } from '../../errors.ts'
import type { Browser } from './browsers.ts'
import type { Engine } from './engine.ts'
import { foldersAt, type Machine } from './place.ts'

export interface Profile {
  readonly browser: Browser
  readonly engine: Engine
  /** As `--profile` takes it. */
  readonly name: string
  /** The database of its cookies. */
  readonly cookies: string
  /** The folder above the profiles. */
  readonly root: string
}

/**
 * The profile of a browser: the one that `profile` names, by name or as a path, else the one used last.
 * @throws HallpassError `profile-missing` that names what there is
 */
export async function findProfile(
  browser: Browser,
  profile: string | undefined,
  machine: Machine = { env: process.env, platform: process.platform },
): Promise<Profile> {
  const engine = await browser.load()
  const installed = (browser.roots[machine.platform] ?? []).map((places) =>
    places.flatMap((place) => foldersAt(place, machine)).map((root) => profilesIn(root, browser, engine)),
  )
  const inUse = installed.flatMap((roots) => roots.find((profiles) => profiles.length > 0) ?? [])
  const found = installed.flat(2)
  const named = found.filter(({ name }) => name === profile)
  const [chosen] = profile === undefined ? inUse.toSorted((a, b) => usedAt(b) - usedAt(a)) : named
  if (chosen !== undefined) return chosen
  if (profile !== undefined && (isAbsolute(profile) || existsSync(profile)))
    return profileAt(browser, engine, profile)
  const there = [...new Set(found.map(({ name }) => name))].join(', ')
  throw new HallpassError(
    'profile-missing',
    profile === undefined
      ? `no profile of ${browser.name} with cookies was found`
      : `${browser.name} has no profile "${profile}"; there ${found.length === 0 ? 'is none' : `are ${there}`}`,
    { hint: `hallpass import --from ${browser.name} --profile FOLDER` },
  )
}

/** Every profile with cookies of one folder. */
function profilesIn(root: string, browser: Browser, engine: Engine): readonly Profile[] {
  if (!existsSync(root)) return []
  const folders = readable(browser, root, () => engine.folders(root))
  return folders.flatMap(({ name, folder }) => {
    const cookies = cookiesIn(engine, folder)
    return cookies === undefined ? [] : [{ browser, engine, name, cookies, root }]
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
function profileAt(browser: Browser, engine: Engine, path: string): Profile {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const cookies = folder ? cookiesIn(engine, path) : path
  if (cookies === undefined || !existsSync(cookies)) {
    throw new HallpassError(
      'profile-missing',
      `${path} is no profile of ${browser.name}: it has no cookies`,
      {
        hint: `hallpass import --from ${browser.name}`,
      },
    )
  }
  return {
    browser,
    engine,
    name: basename(path),
    cookies,
    root: join(folder ? path : join(path, '..'), '..'),
  }
}

function cookiesIn({ cookieFiles }: Engine, folder: string): string | undefined {
  return cookieFiles.map((name) => join(folder, name)).find((file) => existsSync(file))
}

function usedAt({ cookies }: Profile): number {
  return [cookies, `${cookies}-wal`]
    .map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .reduce((a, b) => Math.max(a, b))
}
