import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { said } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { execute, repository } from './world.ts'

testWith('curl')(
  'with an empty home npm start makes what it needs, and prints one line to paste that works',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'hallpass-first-'))
    const env = {
      HOME: home,
      PATH: process.env.PATH,
      HALLPASS_NO_KEYRING: '1',
      // Not the usual port: the developer's own proxy may have it.
      HALLPASS_LISTEN: `127.0.0.1:${await freePort()}`,
    }
    const start = spawn('npm', ['start'], { cwd: repository, env, stdio: 'pipe', detached: true })
    const over = new Promise((resolve) => start.once('close', resolve))
    onTestFinished(async () => {
      endGroup(start)
      await over
      rmSync(home, { recursive: true, force: true })
    })
    const printed = await said(start, /^eval .*\n/m)
    const [line] = /^eval .*$/m.exec(printed) ?? []
    expect(line).toBe('eval "$(npx hallpass env)"')

    const state = join(home, '.hallpass')
    for (const made of ['config/encryption.key', 'ca/ca.pem', 'ca/ca.key', 'ca/bundle.pem', 'run/admin.sock'])
      expect(existsSync(join(state, made)), made).toBe(true)
    const pasted = `${line} && curl -sS http://hallpass.internal/`
    const shell = await execute('/bin/bash', ['-c', pasted], { env, cwd: repository })
    expect(shell).toMatchObject({ status: 0, stderr: '' })
    expect(shell.stdout).toContain('you are connected\nsession default\n')

    endGroup(start)
    await over
    expect(readdirSync(join(state, 'run'))).toEqual([])
  },
)

/** As Ctrl-C does: npm and what it started alike. */
function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGINT')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
