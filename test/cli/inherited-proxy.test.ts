import { describe, expect, test } from 'vitest'
import { inheritedProxy } from '../../src/admin/inherited-proxy.ts'
import { CommandLine, ended, mainFile, said } from '../support/command-line.ts'

const corporate = {
  HTTPS_PROXY: 'http://alice:hunter2@corporate.example:3128',
  http_proxy: 'corporate.example:3128',
}
const warning =
  'hallpass: warning: the proxy in HTTPS_PROXY, http_proxy (http://corporate.example:3128) is ignored: hallpass connects to origins directly\n'

describe('a proxy that the environment names', () => {
  test('is told by run to be ignored, without its password', async () => {
    const cli = new CommandLine()
    const { status, stdout, stderr } = await cli.run(['run', '--quiet', '--', 'true'], { env: corporate })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: warning })
  })

  test.each([
    ['start', []],
    ['start in the background', ['--background']],
  ])('is told by %s to be ignored, without its password', async (_, options) => {
    const cli = new CommandLine()
    const process = cli.spawn(['start', ...options], { env: corporate })
    const end = ended(process)
    await said(process, /env\)/)
    if (options.length === 0) process.kill('SIGTERM')
    const { stderr } = await end
    expect(stderr).toContain(warning)
    expect(stderr).not.toMatch(/alice|hunter2/)
  })

  test('is a note of doctor, without its password', async () => {
    const cli = new CommandLine()
    const { status, stdout } = await cli.run(['doctor'], { env: { ...corporate, PATH: '/nonexistent' } })
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^note {2}other proxy: the proxy in HTTPS_PROXY, http_proxy .*→ unset HTTPS_PROXY http_proxy$/m,
    )
    expect(stdout).not.toMatch(/alice|hunter2/)
  })

  test('is not spoken of when it is ours: in a shell that evaluated env, in a run, without authentication', async () => {
    const cli = new CommandLine()
    const { stdout, stderr } = await cli.shell(`
      hallpass start --background --no-auth --quiet >/dev/null 2>&1
      eval "$(hallpass env)"
      hallpass run --quiet -- true
      address=\${HTTPS_PROXY##*@}
      hallpass run --quiet -- '${process.execPath}' '${mainFile}' run --nest --quiet -- true
      HTTPS_PROXY=http://$address https_proxy= HTTP_PROXY= http_proxy= hallpass run --quiet -- true
      hallpass doctor | grep 'other proxy'
    `)
    expect(stderr).toBe('')
    expect(stdout).toBe('ok    other proxy: none in the environment\n')
  })

  test.each([
    ['nothing', {}, undefined],
    ['an empty one', { HTTPS_PROXY: '' }, undefined],
    [
      'another one on this machine',
      { HTTPS_PROXY: 'http://localhost:3128' },
      'HTTPS_PROXY (http://localhost:3128)',
    ],
    ['ours by its address', { HTTPS_PROXY: 'http://127.0.0.1:8787' }, undefined],
    [
      'our port elsewhere',
      { ALL_PROXY: 'socks5://far.example:8787' },
      'ALL_PROXY (socks5://far.example:8787)',
    ],
    [
      'a user without a scheme',
      { http_proxy: 'alice:hunter2@far.example:1' },
      'http_proxy (http://far.example:1)',
    ],
    ['a password with a slash', { http_proxy: 'http://alice:1/hunter2@far.example' }, 'http_proxy'],
    ['a password with a number sign', { http_proxy: 'http://alice:1#hunter2@far.example' }, 'http_proxy'],
    ['a password with a question mark', { http_proxy: 'http://alice?hunter2@far.example' }, 'http_proxy'],
    ['what is no URL', { http_proxy: 'http://alice:hunter#2@far.example' }, 'http_proxy'],
  ])('%s', (_, env, named) => {
    const fact = inheritedProxy(env, { host: '0.0.0.0', port: 8787 })?.fact
    expect(fact).toBe(named && `the proxy in ${named} is ignored: hallpass connects to origins directly`)
  })
})
