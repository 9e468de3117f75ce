import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { openPublicAuthority } from '../../demo/public-authority.ts'
import { testWith } from '../support/installed.ts'
import { World } from './world.ts'

const host = 'app.example.test'

testWith('curl')(
  'eight processes that write one site at once lose no cookie: proxies and commands',
  async () => {
    const authority = await openPublicAuthority()
    const site = createServer(authority.tls, (request, response) => {
      response.setHeader('set-cookie', `${request.url?.slice(1)}=1; Path=/; Secure; HttpOnly`).end()
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    const world = new World({ hosts: [host], caPem: authority.pem })
    onTestFinished(async () => {
      await world.close()
      site.close()
      site.closeAllConnections()
      authority.close()
    })
    const url = `https://${host}:${(site.address() as AddressInfo).port}`
    expect((await world.hallpass(['start', '--background', '--capture', host])).status).toBe(0)

    const urls = (name: string) => Array.from({ length: 5 }, (_, n) => `${url}/${name}${n}`)
    // By the running proxy, by proxies of their own (another configuration is asked for), and by the command line.
    const config = ['--config', `${world.state}/config/config.yaml`]
    const runs = ['a', 'b', 'c', 'd'].map((name, n) =>
      world.hallpass([...(n < 2 ? [] : config), 'run', '--capture', '--', 'curl', '-sS', ...urls(name)]),
    )
    const commands = ['e', 'f', 'g', 'h'].map((name) =>
      world.hallpass(['cookie', 'set', `https://${host}/`, name, '--secure'], { stdin: '1' }),
    )
    for (const ended of await Promise.all([...runs, ...commands])) expect(ended).toMatchObject({ status: 0 })

    const listed = await world.hallpass(['cookie', 'list', '--json'])
    expect(listed.stderr).toBe('')
    const { cookies } = JSON.parse(listed.stdout) as { cookies: { name: string }[] }
    const captured = ['a', 'b', 'c', 'd'].flatMap((name) => urls(name).map((each) => each.split('/').at(-1)))
    expect(cookies.map(({ name }) => name).sort()).toEqual([...captured, 'e', 'f', 'g', 'h'].sort())
  },
)
