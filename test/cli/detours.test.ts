import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { testRootPem } from '../support/origin.ts'

describe('npm', () => {
  testWith('npm')('trusts hallpass although its npmrc names a cafile, whose roots it keeps', async () => {
    const cli = new CommandLine()
    const company = join(cli.folder, 'company.pem')
    writeFileSync(company, testRootPem())
    writeFileSync(join(cli.folder, '.npmrc'), `cafile=${company}\n`)
    const { stdout } = await cli.run(['run', '--', 'npm', 'config', 'get', 'cafile'])
    expect(stdout.trim()).toBe(join(cli.home, 'ca', 'bundle.pem'))
    expect(readFileSync(stdout.trim(), 'utf8')).toContain(testRootPem().trim())
  })
})

describe('a setting of the user that leads around hallpass', () => {
  testWith('curl')('is named by run, for a session with hosts, and by doctor', async () => {
    const cli = new CommandLine()
    const curlrc = join(cli.folder, '.curlrc')
    writeFileSync(curlrc, 'proxy = "http://127.0.0.1:9"\n')
    const run = ['run', '--', 'curl', '--version']
    expect((await cli.run(run)).stderr).not.toContain('around hallpass')
    await cli.run(['cookie', 'set', 'https://app.example.com/', 'sid'], { stdin: '1' })
    const env = { NO_PROXY: '.example.com' }
    const fact = `curl goes around hallpass: proxy in ${curlrc} beats the proxy variables`
    for (const start of [false, true]) {
      if (start) await cli.run(['start', '--background'])
      const { stderr } = await cli.run(run, { env })
      expect(stderr.split('\n')).toEqual([
        'hallpass: warning: requests to example.com, *.example.com go around hallpass: NO_PROXY has .example.com, which covers these hosts; remove .example.com from NO_PROXY',
        `hallpass: warning: ${fact}; remove proxy from ${curlrc}`,
        '',
      ])
    }
    const { stdout } = await cli.run(['doctor'], { env })
    expect(stdout).toContain(`note  own settings of tools: ${fact}  → remove proxy from ${curlrc}`)
    expect(stdout).toContain('note  own settings of tools: requests to example.com, *.example.com go around')
  })
})
