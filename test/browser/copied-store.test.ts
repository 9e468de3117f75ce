import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, truncateSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { findProfile } from '../../src/browser/stores/profiles.ts'
import { CommandLine, ended } from '../support/command-line.ts'
import { temporaryFolder } from './browsers.ts'
import { browserNamed, onLinux, readBrowser } from './read-store.ts'

const inAWeek = Date.now() + 7 * 86_400_000

/** A store of Firefox with so many cookies. */
function firefoxStore(file: string, count = 1): DatabaseSync {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA user_version = 16;
    CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT DEFAULT '', name TEXT, value TEXT, host TEXT,
      path TEXT DEFAULT '/', expiry INTEGER DEFAULT ${inAWeek}, isSecure INTEGER DEFAULT 1, isHttpOnly INTEGER DEFAULT 0, sameSite INTEGER);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO moz_cookies (name, value, host) SELECT 'c' || i, hex(zeroblob(200)), 'h' || i || '.test' FROM n;`)
  return database
}

const read = async (file: string) => readBrowser(await findProfile(browserNamed('firefox'), file))

test('a pipe or a device is refused at once, also beside the store', async () => {
  const folder = temporaryFolder('store')
  const store = join(folder, 'cookies.sqlite')
  firefoxStore(store).close()
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe, `${store}-wal`])
  for (const file of [pipe, store, '/dev/zero'])
    await expect(read(file)).rejects.toMatchObject({
      code: 'profile-unreadable',
      message: `${file} cannot be read: it is no file`,
    })
})

test('a store that is cut off counts as damaged, and not as a store with empty cookies', async () => {
  const store = join(temporaryFolder('store'), 'cookies.sqlite')
  firefoxStore(store, 5).close()
  truncateSync(store, 5000)
  await expect(read(store)).rejects.toMatchObject({ message: `${store} cannot be read: it is damaged` })
})

test('a write that a killed browser began is undone', async () => {
  const folder = temporaryFolder('store')
  const [store, killed] = [join(folder, 'cookies.sqlite'), join(folder, 'killed.sqlite')]
  const database = firefoxStore(store, 5000)
  // With so little memory SQLite writes before it commits, as it does for anything large.
  database.exec("PRAGMA cache_size = 1; BEGIN; UPDATE moz_cookies SET value = 'HALF'")
  for (const suffix of ['', '-journal']) copyFileSync(store + suffix, killed + suffix)
  database.close()
  const { cookies } = await read(killed)
  expect(cookies.length).toBe(5000)
  expect(cookies.filter(({ cookie }) => cookie.value === 'HALF')).toEqual([])
})

test('bytes that are not UTF-8 stay as they are', async () => {
  const store = join(temporaryFolder('store'), 'cookies.sqlite')
  const database = firefoxStore(store)
  database.exec("UPDATE moz_cookies SET name = CAST(x'6efc' AS TEXT), value = CAST(x'67fcff' AS TEXT)")
  database.close()
  const [read1] = (await read(store)).cookies
  expect([read1?.cookie.name, read1?.cookie.value]).toEqual(['n\u00fc', 'g\u00fc\u00ff'])

  const chrome = join(temporaryFolder('store'), 'Cookies')
  const ofChrome = new DatabaseSync(chrome)
  ofChrome.exec(`CREATE TABLE meta (key TEXT, value TEXT);
    CREATE TABLE cookies (creation_utc INTEGER, host_key TEXT, name TEXT, value TEXT, encrypted_value BLOB, path TEXT, is_secure INTEGER);
    INSERT INTO cookies VALUES (1, 'app.test', CAST(x'6efc' AS TEXT), CAST(x'67fcff' AS TEXT), x'', '/', 1)`)
  ofChrome.close()
  const [cookie] = (await readBrowser(await findProfile(browserNamed('chrome'), chrome))).cookies
  expect([cookie?.cookie.name, cookie?.cookie.value]).toEqual(['n\u00fc', 'g\u00fc\u00ff'])
})

test('a profile is found by its name even when a folder has that name', async () => {
  const home = temporaryFolder('store')
  const root = join(home, '.mozilla', 'firefox')
  mkdirSync(join(root, 'a.work'), { recursive: true })
  // The tests run beside a folder of this name.
  writeFileSync(join(root, 'profiles.ini'), '[Profile0]\nName=src\nIsRelative=1\nPath=a.work\n')
  firefoxStore(join(root, 'a.work', 'cookies.sqlite')).close()
  expect(existsSync('src')).toBe(true)
  expect((await findProfile(browserNamed('firefox'), 'src', onLinux(home))).name).toBe('src')
})

test('a signal during the copy leaves no copy', async () => {
  const cli = new CommandLine()
  const store = join(cli.folder, 'cookies.sqlite')
  firefoxStore(store, 100_000).close()
  const copies = join(cli.folder, 'tmp')
  mkdirSync(copies)
  const importing = cli.spawn(['import', '--format', 'firefox', store], { env: { TMPDIR: copies } })
  const seen: string[] = []
  const watcher = watch(copies, (_, name) => {
    if (seen.push(String(name)) === 1) importing.kill('SIGINT')
  })
  const { signal } = await ended(importing)
  watcher.close()
  expect(signal).toBe('SIGINT')
  expect(seen[0]).toMatch(/^hallpass-profile-/)
  expect(readdirSync(copies)).toEqual([])
})
