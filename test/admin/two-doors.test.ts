import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'

test('what a command prints with --json is what the API answers', async () => {
  const cli = new CommandLine()
  const command = async (args: readonly string[], stdin?: string) => {
    const { status, stdout, stderr } = await cli.run(
      [...args, '--json'],
      stdin === undefined ? {} : { stdin },
    )
    expect(status, stderr).toBe(0)
    return JSON.parse(stdout)
  }
  const created = await command(['session', 'create', 'work', '--locale', 'de-CH'])
  expect(created).toMatchObject({ session_id: 'work', proxy_url: null })
  const token = ['token', 'set', 'api', '--kind', 'bearer', '--host', 'api.example.com', '--session', 'work']
  await command(token, 's3cr3t')
  await command(['cookie', 'set', 'https://app.example.com/', 'sid', '--session', 'work'], 'v')
  const { status } = await cli.run(['start', '--background'])
  expect(status).toBe(0)
  const { admin_socket: socketPath } = await command(['status'])
  const api = async (method: string, path: string, body?: unknown) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const headers = { 'content-type': 'application/json' }
    const call = request({ socketPath, method, path, headers }, (response) => resolve(text(response)))
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
    return JSON.parse(await promise)
  }
  const inWork = ['--session', 'work']
  expect(await command(['session', 'show', 'work'])).toEqual(await api('GET', '/sessions/work'))
  expect(await command(['session', 'list'])).toEqual(await api('GET', '/sessions'))
  expect(await command(['cookie', 'list', 'example.com', '--reveal', ...inWork])).toEqual(
    await api('GET', '/sessions/work/cookies/example.com?reveal=true'),
  )
  expect(await command(['token', 'get', 'api', ...inWork])).toEqual(
    await api('GET', '/sessions/work/credentials/api'),
  )
  expect(await command(['explain', 'https://app.example.com/', ...inWork])).toEqual(
    await api('GET', '/explain?session=work&url=https%3A%2F%2Fapp.example.com%2F'),
  )
  const storage = { local_storage: [{ key: 'theme', value: 'dark' }] }
  expect(await api('PUT', '/sessions/work/storage/https%3A%2F%2Fapp.example.com', storage)).toEqual(
    await command(['storage', 'list', 'https://app.example.com', ...inWork]),
  )
  const again = await api('POST', '/sessions', { name: 'work' })
  expect({ ...again, proxy_url: null }).toEqual(created)
})
