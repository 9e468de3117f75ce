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

  it('that cannot be made is told with where else it could be', () => {
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
  const env = { XDG_RUNTIME_DIR: '/run/user/1' }

  it('is in the state folder while its path fits into a socket address', () => {
    expect(homePaths('/home/ada/.hallpass', env).adminSocket).toBe('/home/ada/.hallpass/run/admin.sock')
  })

  it('moves to the runtime folder, one per state folder, when it does not', () => {
    const [one, two] = ['a', 'b'].map((name) => homePaths(`/${name.repeat(120)}`, env).adminSocket)
    expect(one).toMatch(/^\/run\/user\/1\/hallpass-\d+\/[0-9a-f]{16}\.sock$/)
    expect(two).not.toBe(one)
  })

  it('is not put into a folder that somebody else planted there', () => {
    const folder = scratchFolder()
    const runtime = { XDG_RUNTIME_DIR: join(folder, 'runtime') }
    const home = homePaths(join(folder, 'x'.repeat(120)), runtime)
    mkdirSync(dirname(home.adminSocket), { recursive: true })
    chmodSync(dirname(home.adminSocket), 0o777)
    expect(() => prepareHome(home)).toThrow(unsafe('is open to other users'))
  })
})
