import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, browsers } from '../../src/browser/stores/browsers.ts'
import type { Machine } from '../../src/browser/stores/place.ts'
import type { Profile } from '../../src/browser/stores/profiles.ts'
import type { GivenCookie, Reading } from '../../src/formats/format.ts'
import { temporaryFolder } from './browsers.ts'

export const browserNamed = (name: string): Browser => {
  const browser = browsers.find((each) => each.name === name)
  if (browser === undefined) throw new Error(`no ${name}`)
  return browser
}

export const readBrowser = (profile: Profile) => profile.engine.read(profile)

export const onLinux = (home: string): Machine => ({ env: { HOME: home }, platform: 'linux' })

/** A browser writes its cookies with a delay: read again until so many are there. */
export async function readUntil(count: number, read: () => Promise<Reading>): Promise<Reading> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const reading = await read().catch(() => undefined)
    if (reading !== undefined && reading.cookies.length >= count) return reading
    await sleep(200)
  }
  return await read()
}

const day = 86_400_000

/** Without the times, after a check that each cookie lives for a day. */
export function shown(reading: Reading): readonly Omit<GivenCookie, 'expiresAt'>[] {
  return reading.cookies
    .map(({ cookie: { expiresAt, ...cookie } }) => {
      if (expiresAt === undefined) return cookie
      const life = expiresAt - Date.now()
      return life > 0.9 * day && life < 1.1 * day ? cookie : { ...cookie, life }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A copy of a profile's store with one change, made through SQLite. */
export function altered(profile: Profile, change: string): Profile {
  const copy = join(temporaryFolder('altered'), 'Cookies')
  for (const suffix of ['', '-wal']) {
    if (existsSync(profile.cookies + suffix)) copyFileSync(profile.cookies + suffix, copy + suffix)
  }
  const database = new DatabaseSync(copy)
  database.exec(change)
  database.close()
  return { ...profile, cookies: copy }
}

export const cookie = (name: string, value: string, more: Partial<GivenCookie>): GivenCookie => ({
  name,
  value,
  domain: 'app.example.test',
  hostOnly: true,
  path: '/',
  secure: false,
  httpOnly: false,
  sameSite: 'default',
  ...more,
})

export const ofTheSite = [
  cookie('sid', 'abc', { httpOnly: true }),
  cookie('theme', 'dark', { path: '/app', sameSite: 'strict' }),
  cookie('umlaut', Buffer.from('grün').toString('latin1'), {}),
  cookie('wide', '1', { domain: 'example.test', hostOnly: false, sameSite: 'lax' }),
]
