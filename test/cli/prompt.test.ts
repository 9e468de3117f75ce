import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine, mainFile } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'

const set = ['token', 'set', 'api', '--kind', 'bearer', '--host', 'api.example']

describe('a secret', () => {
  test('comes from stdin, without the newline of echo', async () => {
    const cli = new CommandLine()
    expect(await cli.run(set, { stdin: 'the-token\n' })).toMatchObject({ status: 0, stdout: '' })
    expect((await cli.run(['token', 'get', 'api'])).stdout).toBe('the-token\n')
  })

  test.each([
    ['an empty stdin', '', 'stdin is empty'],
    ['more than a secret can be', 'x'.repeat(1024 * 1024 + 1), 'more than 1 MiB'],
  ])('that is missing is exit 2: %s', async (_, stdin, message) => {
    const cli = new CommandLine()
    const { status, stderr } = await cli.run(set, { stdin })
    expect(status).toBe(2)
    expect(stderr).toContain(message)
  })

  const atTerminal = testWith('python3')

  atTerminal('is asked for on the terminal, hidden, with nothing on stdout', async () => {
    const cli = new CommandLine()
    const { shown, stdout, status } = await typed(cli, set, 'the-token\r')
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    expect(shown).toContain('api')
    expect(shown).not.toContain('the-token')
    expect((await cli.run(['token', 'get', 'api'])).stdout).toBe('the-token\n')
  })

  atTerminal('is not asked for with --no-input: exit 2', async () => {
    const cli = new CommandLine()
    expect(await typed(cli, ['--no-input', ...set], '')).toMatchObject({ status: 2, stdout: '' })
  })

  atTerminal('that is interrupted by Ctrl-C is exit 130, and nothing is kept', async () => {
    const cli = new CommandLine()
    expect(await typed(cli, set, '\u0003')).toMatchObject({ status: 130, stdout: '' })
    expect((await cli.run(['token', 'list'])).stdout).not.toContain('api')
  })
})

/** Runs hallpass with stdin and stderr on a terminal and stdout in a file, and types when it asks. */
async function typed(cli: CommandLine, args: readonly string[], keys: string) {
  const script = join(cli.folder, 'terminal.py')
  const out = join(cli.folder, 'stdout')
  writeFileSync(script, terminal)
  const words = [process.execPath, mainFile, ...args].map((word) => `'${word}'`).join(' ')
  const { stdout } = await cli.shell(`python3 ${script} ${words}`, { env: { KEYS: keys, OUT: out } })
  const status = Number(/status=(-?\d+)/.exec(stdout)?.[1])
  return { status, shown: stdout, stdout: readFileSync(out, 'utf8') }
}

const terminal = `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.dup2(os.open(os.environ['OUT'], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    os.execv(sys.argv[1], sys.argv[1:])
text = b''
typed = False
deadline = time.time() + 40
while time.time() < deadline:
    try:
        more = os.read(fd, 4096)
    except OSError:
        break
    if not more:
        break
    text += more
    if not typed and b'api' in text:
        typed = True
        time.sleep(0.5)
        os.write(fd, os.environ['KEYS'].encode())
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(text + b'\\nstatus=%d\\n' % os.waitstatus_to_exitcode(status))
`
