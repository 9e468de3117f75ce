import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { homePaths } from '../../src/store/home.ts'
import { needs } from '../support/installed.ts'
import { scratchFolder } from './scratch.ts'

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** A desktop's session bus with GNOME's keyring behind it, all of it below one folder and gone afterwards. */
function onDesktop(
  keyring: 'locked' | 'unlocked',
  env: NodeJS.ProcessEnv = {},
): { readonly lines: readonly string[]; readonly root: string } {
  const folder = scratchFolder()
  const root = join(folder, 'home')
  mkdirSync(join(folder, 'run'), { mode: 0o700 })
  const daemon = 'gnome-keyring-daemon --components=secrets'
  const start = keyring === 'unlocked' ? `printf password | ${daemon} --unlock` : `${daemon} --start`
  const script = `${start} >/dev/null 2>&1; exec "$@"`
  const { stdout } = spawnSync(
    'dbus-run-session',
    ['--', 'sh', '-c', script, 'sh', process.execPath, worker, 'keyring', root],
    {
      env: {
        ...env,
        PATH: process.env.PATH,
        HOME: folder,
        XDG_RUNTIME_DIR: join(folder, 'run'),
        XDG_DATA_HOME: join(folder, 'data'),
      },
      encoding: 'utf8',
      timeout: 30_000,
    },
  )
  return { lines: stdout.trim().split('\n'), root }
}

describe('the keyring of the system', () => {
  beforeEach((context) => {
    needs(context, 'dbus-run-session')
    needs(context, 'gnome-keyring-daemon')
  })

  it('keeps the wrapping key of the data keys, if it works', () => {
    const { lines, root } = onDesktop('unlocked')
    expect(lines).toEqual([
      'made keyring',
      'opened value',
      'rotated true',
      'turned into file',
      'turned into keyring',
    ])
    const { protector, keys } = JSON.parse(readFileSync(homePaths(root).keyFile, 'utf8'))
    expect(protector).toEqual({ kind: 'keyring', account: expect.stringMatching(/^[0-9a-f]{16}$/) })
    expect(keys[0]).not.toHaveProperty('key')
  })

  it('gives way to the file when it is locked and nobody can unlock it', () => {
    expect(onDesktop('locked').lines.slice(0, 2)).toEqual(['made file', 'opened value'])
  })

  it.each<[string, NodeJS.ProcessEnv]>([
    ['when told so', { HALLPASS_NO_KEYRING: '1' }],
    ['in CI', { CI: 'true' }],
  ])('is not asked %s', (_, env) => {
    expect(onDesktop('unlocked', env).lines.slice(0, 2)).toEqual(['made file', 'opened value'])
  })
})
