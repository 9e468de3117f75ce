import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ended, said } from '../support/command-line.ts'

const guard = join(import.meta.dirname, '..', '..', 'bin', 'hallpass.cjs')

/** Runs the guard by a Node that takes itself for an old one; `elsewhere`: and not for the one in node_modules. */
function byOldNode(args: readonly string[], { elsewhere }: { readonly elsewhere: boolean }) {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-guard-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const preload = join(folder, 'old.cjs')
  writeFileSync(
    preload,
    `Object.defineProperty(process.versions, 'node', { value: '18.20.0' })
${elsewhere ? "process.execPath = '/usr/local/bin/node'" : ''}`,
  )
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    HALLPASS_HOME: join(folder, 'state'),
    HALLPASS_NO_KEYRING: '1',
  }
  return spawn(process.execPath, ['--require', preload, guard, ...args], { env, stdio: 'pipe' })
}

test('an old Node goes on with the one in node_modules, which gives the status', async () => {
  expect(await ended(byOldNode(['--version'], { elsewhere: true }))).toMatchObject({
    status: 0,
    stdout: '0.1.0\n',
  })
  expect(await ended(byOldNode(['run', '--', 'sh', '-c', 'exit 7'], { elsewhere: true }))).toMatchObject({
    status: 7,
  })
})

test('signals reach the hallpass that goes on', async () => {
  const script = `trap 'kill $!; exit 9' TERM; sleep 40 >/dev/null 2>&1 & echo ready; wait`
  const child = byOldNode(['run', '--', 'bash', '-c', script], { elsewhere: true })
  const end = ended(child)
  await said(child, /ready/)
  child.kill('SIGTERM')
  expect(await end).toMatchObject({ status: 9 })
})

test('where there is no other Node it says what is missing, with exit 3', async () => {
  const { status, stdout, stderr } = await ended(byOldNode(['--version'], { elsewhere: false }))
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
  expect(stderr).toMatch(
    /^hallpass: error: hallpass needs Node 24\.15 or newer.*\nhallpass: hint: npm ci --ignore-scripts=false\n$/,
  )
})
