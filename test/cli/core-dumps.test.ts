import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine, ended, mainFile, said } from '../support/command-line.ts'

const filterOf = (pid: number | string) => readFileSync(`/proc/${pid}/coredump_filter`, 'latin1').trim()
const canFilter = existsSync('/proc/self/coredump_filter')
/** Whether the kernel writes a core into the working directory: where a pipe takes it, no test can find it. */
const isWritten =
  canFilter && /^[\w.%]+$/.test(readFileSync('/proc/sys/kernel/core_pattern', 'latin1').trim())

describe.skipIf(!canFilter)('a core dump', () => {
  test('has no memory of a proxy, in the background or not, and all of the tools that run starts', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const { pid } = JSON.parse((await cli.run(['status', '--json'])).stdout)
    expect(Number.parseInt(filterOf(pid), 16)).toBe(0)
    await cli.run(['stop'])
    const child = await cli.run(['run', '--', 'cat', '/proc/self/coredump_filter'])
    expect(child.stdout.trim()).toBe(filterOf('self'))
  })

  test.skipIf(!isWritten)('of a proxy that holds a client token does not have it', async () => {
    const cli = new CommandLine()
    const script = `ulimit -c unlimited && exec '${process.execPath}' '${mainFile}' start`
    const proxy = cli.shellProcess(script)
    const end = ended(proxy)
    await said(proxy, /env\)/)
    const { HTTPS_PROXY } = JSON.parse((await cli.run(['env', '--format', 'json'])).stdout).set
    proxy.kill('SIGABRT')
    expect((await end).signal).toBe('SIGABRT')
    const cores = readdirSync(cli.folder).filter((name) => name.startsWith('core'))
    expect(cores).toHaveLength(1)
    const core = readFileSync(join(cli.folder, cores[0] ?? ''))
    expect(core.includes(new URL(HTTPS_PROXY).password)).toBe(false)
  })
})
