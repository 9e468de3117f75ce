import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { execute, repository } from './world.ts'

/** bin/hallpass.cjs in a package folder that an installation left incomplete. */
class Incomplete {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'hallpass-bin-')))
  readonly root: string
  readonly command: string

  constructor(place: string) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }))
    this.root = join(this.folder, place)
    this.command = join(this.root, 'bin', 'hallpass.cjs')
    mkdirSync(dirname(this.command), { recursive: true })
    copyFileSync(join(repository, 'bin', 'hallpass.cjs'), this.command)
  }

  file(path: string, text = ''): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), text)
  }

  /** Runs it with a Node that calls itself 20. */
  run(cwd: string) {
    this.file('old.cjs', "Object.defineProperty(process, 'versions', { value: { node: '20.0.0' } })")
    return execute(process.execPath, ['--require', join(this.folder, 'old.cjs'), this.command], { cwd })
  }
}

test('a clone that is not built says how to build it, typed there or elsewhere', async () => {
  const clone = new Incomplete('clone')
  expect(await clone.run(clone.root)).toMatchObject({
    status: 3,
    stderr: 'hallpass: error: this clone is not built\nhallpass: hint: npm ci\n',
  })
  expect((await clone.run('/')).stderr).toContain(`hint: npm ci --prefix ${clone.root}\n`)
})

test('after npm ci --ignore-scripts the hint runs the scripts', async () => {
  const clone = new Incomplete('clone')
  clone.file('clone/node_modules/commander/package.json')
  const { status, stderr } = await clone.run(clone.root)
  expect(status).toBe(3)
  expect(stderr).toContain('without its scripts')
  expect(stderr).toContain('hint: npm ci --ignore-scripts=false\n')
})

test.each([
  ['clone', [], 'npm ci --ignore-scripts=false --prefix ROOT'],
  [
    'project/node_modules/hallpass',
    ['project/package.json'],
    'npm install --ignore-scripts=false node@24 --prefix FOLDER/project',
  ],
  ['lib/node_modules/hallpass', [], 'npm install --global --no-bin-links --ignore-scripts=false node@24'],
])('an old Node without our own, in %s, gets one that replaces nobody else', async (place, files, hint) => {
  const installation = new Incomplete(place)
  installation.file(`${place}/dist/cli/main.cjs`)
  for (const file of files) installation.file(file)
  const { status, stderr } = await installation.run('/')
  expect(status).toBe(3)
  const typed = hint.replace('ROOT', installation.root).replace('FOLDER', installation.folder)
  expect(stderr).toMatch(/error: hallpass needs Node 24\.15 or newer/)
  expect(stderr).toContain(`hint: ${typed}\n`)
})

test('an installation takes the Node beside it', async () => {
  const installation = new Incomplete('lib/node_modules/hallpass')
  const node = join(installation.folder, 'lib/node_modules/node/bin/node')
  installation.file('lib/node_modules/hallpass/dist/cli/main.cjs', "console.log('on ' + process.argv0)")
  mkdirSync(dirname(node), { recursive: true })
  symlinkSync('/bin/echo', node)
  const { status, stdout } = await installation.run('/')
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${installation.command}\n` })
})
