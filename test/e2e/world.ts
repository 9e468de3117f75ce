import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const repository = join(import.meta.dirname, '..', '..')
const bin = join(repository, 'bin', 'hallpass.cjs')

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command to its end as a process of its own. Bounded, so that a hang is a failure with its output. */
export function execute(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; stdin?: string; timeoutMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env, cwd: options.cwd, stdio: 'pipe' })
    const bound = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 50_000)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (status, signal) => {
      clearTimeout(bound)
      resolve({ status, signal, stdout, stderr })
    })
    child.stdin.on('error', () => {}) // a child that reads nothing closes its end; its status tells the rest
    child.stdin.end(options.stdin ?? '')
  })
}

/**
 * A machine as a newcomer has it: an empty home, a clean environment, and the built command line of this checkout. `hosts` resolve to
 * 127.0.0.1 by the configuration's `resolve:`, and `caPem` is trusted upstream by `upstreamCa:`.
 */
export class World {
  readonly home: string
  readonly state: string
  readonly env: NodeJS.ProcessEnv

  constructor(options: { hosts?: readonly string[]; caPem?: string; config?: string } = {}) {
    this.home = mkdtempSync(join(tmpdir(), 'hallpass-e2e-'))
    this.state = join(this.home, '.hallpass')
    this.env = {
      HOME: this.home,
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      TMPDIR: process.env.TMPDIR,
      CI: process.env.CI,
      // The keyring is the user's, not of this machine that is gone after the test.
      HALLPASS_NO_KEYRING: '1',
    }
    for (const [name, value] of Object.entries(this.env)) if (value === undefined) delete this.env[name]
    const lines = ['listen: 127.0.0.1:0']
    if (options.caPem) {
      const caFile = join(this.home, 'site-ca.pem')
      writeFileSync(caFile, options.caPem)
      lines.push(`upstreamCa: [${JSON.stringify(caFile)}]`)
    }
    if (options.hosts?.length) {
      lines.push('resolve:', ...options.hosts.map((host) => `  ${host}: 127.0.0.1`))
    }
    if (options.config) lines.push(options.config)
    mkdirSync(join(this.state, 'config'), { recursive: true, mode: 0o700 })
    writeFileSync(join(this.state, 'config', 'config.yaml'), `${lines.join('\n')}\n`, { mode: 0o600 })
  }

  hallpass(
    args: readonly string[],
    options: { stdin?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ended> {
    return execute(process.execPath, [bin, ...args], {
      env: { ...this.env, ...options.env },
      cwd: this.home,
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    })
  }

  shell(script: string, options: { env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
    return execute('/bin/bash', ['-c', script], {
      env: { ...this.env, HALLPASS: `${process.execPath} ${bin}`, ...options.env },
      cwd: this.home,
    })
  }

  async close(): Promise<void> {
    await this.hallpass(['stop']).catch(() => undefined)
    rmSync(this.home, { recursive: true, force: true })
  }
}
