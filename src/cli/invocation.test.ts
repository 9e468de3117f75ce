import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { invocation } from './invocation.ts'

const clone = join(import.meta.dirname, '..', '..')
const program = join(clone, 'bin', 'hallpass.cjs')
const byPath = { words: `node ${program}` }

function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hallpass-invocation-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A command `hallpass` in a folder of its own: this one, or somebody else's. */
function commandIn(folder: string, { foreign = false } = {}): string {
  mkdirSync(folder, { recursive: true })
  const command = join(folder, 'hallpass')
  if (foreign) writeFileSync(command, '#!/bin/sh\n', { mode: 0o755 })
  else symlinkSync(program, command)
  return folder
}

test('in a clone it is npx, in every folder of it', () => {
  const npx = { words: 'npx hallpass', folder: clone }
  expect(invocation({}, clone)).toEqual(npx)
  expect(invocation({}, join(clone, 'src', 'cli'))).toEqual(npx)
})

test('elsewhere it is the path, because npx would ask the registry', () => {
  const folder = temporaryFolder()
  expect(invocation({}, folder)).toEqual(byPath)
  expect(invocation({}, '/')).toEqual(byPath)
  // A clone is no project of the packages that it brings.
  writeFileSync(join(folder, 'package.json'), '{"name":"hallpass","bin":{"hallpass":"other.js"}}')
  expect(invocation({}, folder)).toEqual(byPath)
})

test('without a folder it works in every folder', () => {
  expect(invocation({})).toEqual(byPath)
})

test('linked or installed globally it is the bare name', () => {
  const bin = commandIn(join(temporaryFolder(), 'bin'))
  for (const folder of [clone, '/', undefined])
    expect(invocation({ PATH: `/nonexistent:${bin}:/bin` }, folder)).toEqual({ words: 'hallpass' })
})

test('another program of this name in front of ours is not called', () => {
  const folder = temporaryFolder()
  const theirs = commandIn(join(folder, 'theirs'), { foreign: true })
  const ours = commandIn(join(folder, 'ours'))
  expect(invocation({ PATH: `${theirs}:${ours}` }, '/')).toEqual(byPath)
})

test('the commands that npx puts into PATH are not in the PATH of the user', () => {
  const project = temporaryFolder()
  const bin = commandIn(join(project, 'node_modules', '.bin'))
  expect(invocation({ PATH: bin }, '/')).toEqual(byPath)
})

test('in a project that has it, npx finds it from each folder below', () => {
  const project = temporaryFolder()
  commandIn(join(project, 'node_modules', '.bin'))
  const below = join(project, 'a', 'b')
  mkdirSync(below, { recursive: true })
  expect(invocation({}, below)).toEqual({ words: 'npx hallpass', folder: project })
  commandIn(join(below, 'node_modules', '.bin'), { foreign: true })
  expect(invocation({}, below)).toEqual(byPath)
})

test('the path starts hallpass, and the name does where it is in PATH', () => {
  const folder = temporaryFolder()
  const bin = commandIn(join(folder, 'bin'))
  const node = dirname(process.execPath)
  for (const PATH of [`${node}:/bin`, `${bin}:${node}:/bin`]) {
    const { words } = invocation({ PATH }, folder)
    const version = execFileSync('/bin/sh', ['-c', `${words} --version`], {
      cwd: folder,
      env: { PATH },
      encoding: 'utf8',
    })
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
  }
})
