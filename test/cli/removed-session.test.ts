import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { httpOrigin, testRootPem } from '../support/origin.ts'
import { basic, rawClient } from '../support/raw-client.ts'

test('a tunnel through a running proxy ends with its session, and another command that makes the name again lends it nothing', async () => {
  const cli = new CommandLine()
  const seen: (string | undefined)[] = []
  await using origin = await httpOrigin(
    (request, response) => {
      seen.push(request.headers.authorization)
      response.end()
    },
    { hosts: ['api.site.test'] },
  )
  const root = join(cli.folder, 'root.pem')
  writeFileSync(root, testRootPem())
  const config = join(cli.folder, 'config.yaml')
  writeFileSync(config, `upstreamCa: [${root}]\nresolve: { api.site.test: 127.0.0.1:${origin.port} }\n`)
  const make = async (secret: string) => {
    expect(await cli.run(['session', 'create', 'work'])).toMatchObject({ status: 0 })
    const set = ['token', 'set', 'api', '--kind', 'bearer', '--host', 'api.site.test', '--session', 'work']
    expect(await cli.run(set, { stdin: secret })).toMatchObject({ status: 0 })
  }
  await make('OLD')
  await cli.run(['start', '--background', '--config', config])
  const { stdout } = await cli.run(['env', '--session', 'work', '--format', 'dotenv'])
  const proxy = new URL(/^HTTPS_PROXY="?([^"\n]+)/m.exec(stdout)?.[1] ?? '')
  const ca = readFileSync(join(cli.home, 'ca', 'ca.pem'), 'utf8')
  const open = async () => {
    const client = await rawClient(Number(proxy.port))
    client.send(
      `CONNECT api.site.test:443 HTTP/1.1\r\nHost: api.site.test:443\r\nProxy-Authorization: ${basic('work', proxy.password)}\r\n\r\n`,
    )
    const head = await client.until(/\r\n\r\n/)
    return { client, head }
  }
  const tunnel = await (await open()).client.secure({ ca, servername: 'api.site.test' })
  tunnel.send('GET / HTTP/1.1\r\nHost: api.site.test\r\n\r\n')
  expect((await tunnel.response()).status).toBe(200)

  await cli.run(['session', 'rm', 'work', '--yes'])
  await make('NEW')
  await tunnel.over()
  expect((await open()).head).toContain(' 407 ')
  expect(seen).toEqual(['Bearer OLD'])
})
