import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine, ended, mainFile, said } from '../support/command-line.ts'
import { certificateFor, httpOrigin, testRootPem } from '../support/origin.ts'
import { httpUpstreamProxy } from '../support/upstream-proxy.ts'

const corporate = {
  HTTPS_PROXY: 'http://alice:hunter2@corporate.example:3128',
  http_proxy: 'corporate.example:3128',
}
const shown = 'http://corporate.example:3128'

describe('a proxy that the environment names', () => {
  test('is the way of a proxy that run brings up', async () => {
    const cli = new CommandLine()
    await using origin = await httpOrigin(
      (request, response) => response.end(`signed in: ${request.headers.authorization}`),
      { certificate: certificateFor('api.site.test') },
    )
    await using company = await httpUpstreamProxy({ to: origin.port, credentials: 'alice:s/cr?t' })
    const root = join(cli.folder, 'root.pem')
    writeFileSync(root, testRootPem())
    const env = {
      HTTPS_PROXY: `http://alice:s%2Fcr%3Ft@127.0.0.1:${company.port}`,
      HALLPASS_UPSTREAM_CA: root,
    }
    const set = ['token', 'set', 'api', '--kind', 'bearer', '--host', 'api.site.test']
    await cli.run(set, { stdin: 'SECRET' })
    const { stdout, stderr, status } = await cli.run(
      ['run', '--quiet', '--', 'curl', '-sS', 'https://api.site.test/'],
      { env },
    )
    expect({ stdout, stderr, status }).toEqual({ stdout: 'signed in: Bearer SECRET', stderr: '', status: 0 })
    expect(company.asked).toEqual(['CONNECT api.site.test:443'])
  })

  test.each([
    ['start', []],
    ['start in the background', ['--background']],
  ])('is named by %s and by status, without its password', async (_, options) => {
    const cli = new CommandLine()
    const process = cli.spawn(['start', ...options], { env: corporate })
    const end = ended(process)
    await said(process, /env\)/)
    const { stdout: status } = await cli.run(['status'])
    expect(status).toMatch(new RegExp(`^upstream +${shown} \\(from the environment\\)$`, 'm'))
    if (options.length === 0) process.kill('SIGTERM')
    const { stderr } = await end
    expect(stderr).toContain(`hallpass: origins are reached through ${shown}\n`)
    expect(stderr + status).not.toMatch(/alice|hunter2/)
  })

  test('is named by run if the running proxy was started without it', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const { stderr } = await cli.run(['run', '--quiet', '--', 'true'], { env: corporate })
    expect(stderr).toBe(
      `hallpass: warning: the running proxy reaches origins directly, not through ${shown}: it was started without that variable\n`,
    )
  })

  test('does not count where the configuration says direct', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'], { env: { ...corporate, HALLPASS_UPSTREAM: 'direct' } })
    const { stdout } = await cli.run(['status', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ upstream: [] })
    expect((await cli.run(['run', '--quiet', '--', 'true'], { env: corporate })).stderr).toBe('')
  })

  test('is what doctor names, without its password', async () => {
    const cli = new CommandLine()
    const { status, stdout } = await cli.run(['doctor'], { env: { ...corporate, PATH: '/nonexistent' } })
    expect(status).toBe(0)
    expect(stdout).toContain(`ok    upstream proxy: ${shown}\n`)
    expect(stdout).not.toMatch(/alice|hunter2/)
  })

  test('is a note of doctor when it cannot be used', async () => {
    const cli = new CommandLine()
    const env = { HTTPS_PROXY: 'http://alice:1/ter2@corporate.example', PATH: '/nonexistent' }
    const { stdout } = await cli.run(['doctor'], { env })
    expect(stdout).toContain(
      'note  upstream proxy: the proxy in HTTPS_PROXY is not used: nothing may follow host and port; in a password "/", "?" and "#" are percent-encoded\n',
    )
    expect(stdout).not.toMatch(/alice|ter2/)
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
      hallpass doctor | grep 'upstream proxy'
    `)
    expect(stderr).toBe('')
    expect(stdout).toBe('ok    upstream proxy: none: origins are reached directly\n')
  })
})
