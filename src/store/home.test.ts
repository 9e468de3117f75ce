import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { watchFileCalls } from '../../test/store/file-calls.ts'
import { scratchFolder } from '../../test/store/scratch.ts'
import { homePaths, prepareHome, resolveHome } from './home.ts'

const unsafe = (what: string) =>
  expect.objectContaining({ code: 'state-unsafe', message: expect.stringContaining(what) })

describe('the state folder', () => {
  it.each<[NodeJS.ProcessEnv, string]>([
    [{ HALLPASS_HOME: '/a', AI_STATE_DIR: '/b', HOME: '/c' }, '/a'],
    [{ HALLPASS_HOME: 'a' }, resolve('a')],
    [{ HALLPASS_HOME: '', AI_STATE_DIR: '/b', HOME: '/c' }, '/b/hallpass'],
    [{ AI_STATE_DIR: '/a', AI_SESSIONS_DIR: '/b', HOME: '/c' }, '/a/hallpass'],
    [{ AI_SESSIONS_DIR: '/b', HOME: '/c' }, '/b/hallpass'],
    [{ HOME: '/c' }, '/c/.hallpass'],
    [{}, join(homedir(), '.hallpass')],
  ])('of %j is %s', (env, root) => {
    expect(resolveHome(env)).toBe(root)
  })

  it('is made once, closed to others whatever the umask says', () => {
    const home = homePaths(join(scratchFolder(), 'deep', 'home'))
    const umask = process.umask(0)
    try {
      expect(prepareHome(home).created).toContain(home.root)
    } finally {
      process.umask(umask)
    }
    for (const folder of [home.root, ...readdirSync(home.root).map((name) => join(home.root, name))]) {
      expect(lstatSync(folder).mode & 0o7777, folder).toBe(0o700)
    }
    expect(prepareHome(home).created).toEqual([])
  })

  it('is on the disk before anything is put into it', () => {
    const home = homePaths(join(scratchFolder(), 'home'))
    const calls: string[] = []
    onTestFinished(watchFileCalls(home.root, { after: (call) => calls.push(call) }))
    prepareHome(home)
    expect(calls.slice(-3)).toEqual(['openSync', 'fsyncSync', 'closeSync'])
  })

  it.each(['', 'config', 'ca', 'sessions', 'locks', 'run', 'log'])(
    'is refused when %j in it is a symbolic link',
    (name) => {
      const folder = scratchFolder()
      const home = homePaths(join(folder, 'home'))
      const elsewhere = join(folder, 'elsewhere')
      mkdirSync(elsewhere, { mode: 0o700 })
      prepareHome(home)
      rmSync(join(home.root, name), { recursive: true })
      symlinkSync(elsewhere, join(home.root, name))
      expect(() => prepareHome(home)).toThrow(unsafe('is a symbolic link'))
      expect(readdirSync(elsewhere)).toEqual([])
    },
  )

  it.each([0o750, 0o705, 0o701, 0o720])('is refused when its mode is %o', (mode) => {
    const home = homePaths(scratchFolder())
    chmodSync(home.root, mode)
    expect(() => prepareHome(home)).toThrow(unsafe('is open to other users'))
    expect(() => prepareHome(home)).toThrow(expect.objectContaining({ hint: `chmod 700 ${home.root}` }))
  })

  it('that cannot be made is an error with a hint to another place', () => {
    const file = join(scratchFolder(), 'file')
    writeFileSync(file, '')
    const places = [join(file, 'below', 'home'), ...(process.platform === 'linux' ? ['/proc/hallpass'] : [])]
    for (const root of places) {
      expect(() => prepareHome(homePaths(root))).toThrow(
        expect.objectContaining({ code: 'not-saved', hint: 'export HALLPASS_HOME=FOLDER' }),
      )
    }
  })

  it('is refused when it is a file', () => {
    const root = join(scratchFolder(), 'home')
    writeFileSync(root, '')
    expect(() => prepareHome(homePaths(root))).toThrow(unsafe('is not a folder'))
  })

  it.skipIf(process.getuid?.() !== 0)("is refused when it is another user's (root only: needs chown)", () => {
    const home = homePaths(scratchFolder())
    chownSync(home.root, 4711, 4711)
    expect(() => prepareHome(home)).toThrow(unsafe('belongs to another user'))
  })
})

describe('the admin socket', () => {
  /** A state folder whose path is too long for a socket, and a runtime folder as open as /tmp. */
  const longHome = () => {
    const folder = scratchFolder()
    const runtime = join(folder, 'runtime')
    mkdirSync(runtime)
    chmodSync(runtime, 0o1777)
    const root = join(folder, 'x'.repeat(120))
    return { root, runtime, prepare: () => prepareHome(homePaths(root), { XDG_RUNTIME_DIR: runtime }) }
  }

  it('is in the state folder while its path fits into a socket address', () => {
    expect(homePaths('/home/ada/.hallpass').adminSocket).toBe('/home/ada/.hallpass/run/admin.sock')
  })

  it('moves to a folder of the runtime folder when it does not, under a name that nobody can guess', () => {
    const [one, two] = [longHome(), longHome()]
    one.prepare()
    two.prepare()
    const { adminSocket } = homePaths(one.root)
    expect(adminSocket.slice(one.runtime.length)).toMatch(/^\/hallpass-\w{6}\/admin\.sock$/)
    expect(lstatSync(dirname(adminSocket)).mode & 0o7777).toBe(0o700)
    expect(homePaths(two.root).adminSocket.slice(two.runtime.length)).not.toBe(
      adminSocket.slice(one.runtime.length),
    )
  })

  it('stays where it is, whatever runtime folder a later command sees', () => {
    const home = longHome()
    home.prepare()
    const { adminSocket } = homePaths(home.root)
    prepareHome(homePaths(home.root), {})
    expect(homePaths(home.root).adminSocket).toBe(adminSocket)
    expect(readdirSync(home.runtime)).toHaveLength(1)
  })

  it.each([
    ['has gone', (folder: string) => rmSync(folder, { recursive: true })],
    ['is open to others', (folder: string) => chmodSync(folder, 0o777)],
    [
      'is a symbolic link',
      (folder: string) => {
        rmSync(folder, { recursive: true })
        symlinkSync(dirname(dirname(folder)), folder)
      },
    ],
  ])('moves again when its folder %s', (_, change) => {
    const home = longHome()
    home.prepare()
    const before = homePaths(home.root).adminSocket
    change(dirname(before))
    // Until then there is none: what listens there is not ours.
    expect(homePaths(home.root).adminSocket).toBe(join(home.root, 'run', 'admin.sock'))
    home.prepare()
    const { adminSocket } = homePaths(home.root)
    expect(adminSocket).not.toBe(before)
    expect(adminSocket.startsWith(home.runtime)).toBe(true)
  })
})
