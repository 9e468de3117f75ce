import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { basic, rawClient } from '../support/raw-client.ts'

/** A command that has the session `work` for itself until `go` exists. It writes `held` first. */
async function held(cli: CommandLine, inside = 'true') {
  const [begun, go] = [join(cli.folder, 'held'), join(cli.folder, 'go')]
  const script = `${inside}; touch ${begun}; while [ ! -e ${go} ]; do sleep 0.05; done`
  const child = cli.spawn(['run', '--session', 'work', '--exclusive', '--', 'sh', '-c', script])
  const exit = once(child, 'exit')
  const end = async () => {
    writeFileSync(go, '')
    await exit
  }
  onTestFinished(end)
  while (!existsSync(begun) && child.exitCode === null) await sleep(50)
  return {
    pid: child.pid,
    kill: () => child.kill('SIGKILL'),
    end,
  }
}

const leftovers = (cli: CommandLine) =>
  readdirSync(join(cli.home, 'locks')).filter((name) => name.includes('.use'))

describe('run --exclusive', () => {
  test.each([
    ['a running proxy', true],
    ['a proxy of its own', false],
  ])(
    'through %s refuses every other use, names the holder, and ends with its command',
    async (_, background) => {
      const cli = new CommandLine()
      await cli.run(['session', 'create', 'work'])
      if (background) expect(await cli.run(['start', '--background'])).toMatchObject({ status: 0 })
      const holder = await held(cli)
      const names = `the session "work" is in exclusive use by process ${holder.pid} (sh) since `
      for (const words of [
        ['run', '--session', 'work', '--', 'true'],
        ['run', '--session', 'work', '--exclusive', '--', 'true'],
      ]) {
        const { status, stderr } = await cli.run(words)
        expect({ status, names: stderr.includes(names) }, stderr).toEqual({ status: 125, names: true })
        expect(stderr).toMatch(/hint: .*hallpass(\.cjs)? session clone work\n$/)
      }
      const hallpass = await openHallpass({
        home: cli.home,
        env: { HALLPASS_NO_KEYRING: '1' },
        session: 'work',
      })
      await hallpass.saveTokens('api', { kind: 'bearer', hosts: ['a.example'] }, 'x')
      const fetched = hallpass.fetch('http://a.example/')
      await expect(fetched).rejects.toMatchObject({ code: 'session-locked' })
      expect(await cli.run(['run', '--', 'true'])).toMatchObject({ status: 0 })
      await holder.end()
      expect(await cli.run(['run', '--session', 'work', '--', 'true'])).toMatchObject({ status: 0 })
      expect(leftovers(cli)).toEqual([])
    },
  )

  testWith('curl')('lets its command and a hallpass inside use the session', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const asks = 'curl -sS http://hallpass.internal/'
    const words = 'hallpass run --session work --exclusive --'
    // A hallpass inside is a function of this shell.
    const both = `export -f hallpass; ${words} bash -c '${asks} && hallpass run --nest -- ${asks}'`
    const { stdout, stderr, status } = await cli.shell(both)
    expect({ status, stderr }).toMatchObject({ status: 0 })
    expect(stdout.match(/work/g)?.length).toBeGreaterThanOrEqual(2)
  })

  test('refuses a shell that has the token of the session with 423, and reads why', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    await cli.run(['start', '--background'])
    const { stdout } = await cli.run(['env', '--session', 'work', '--format', 'dotenv'])
    const proxy = new URL(/^HTTPS_PROXY="?([^"\n]+)/m.exec(stdout)?.[1] ?? '')
    const holder = await held(cli)
    const asks = async () => {
      const client = await rawClient(Number(proxy.port))
      client.send(
        `GET http://hallpass.internal/ HTTP/1.1\r\nHost: hallpass.internal\r\nProxy-Authorization: ${basic('work', proxy.password)}\r\n\r\n`,
      )
      return client.response()
    }
    const { status, head, body } = await asks()
    expect({ status, head }).toEqual({
      status: 423,
      head: expect.stringContaining('Hallpass-Error: session-locked'),
    })
    expect(body).toContain(`in exclusive use by process ${holder.pid} (sh)`)
    await holder.end()
    expect((await asks()).status).toBe(200)
  })

  test('is free at once when its process is killed, and a clock or a file left behind holds nothing', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const holder = await held(cli)
    holder.kill()
    await expect
      .poll(async () => (await cli.run(['run', '--session', 'work', '--', 'true'])).status, {
        timeout: 60_000,
      })
      .toBe(0)
    await holder.end().catch(() => undefined)
  })

  test('needs a session that exists', async () => {
    const cli = new CommandLine()
    const { status, stderr } = await cli.run(['run', '--session', 'gone', '--exclusive', '--', 'true'])
    expect(status).toBe(125)
    expect(stderr).toContain('there is no session "gone"')
  })
})
