import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { adminApp } from '../../src/admin/app.ts'
import { type Service, startService } from '../../src/admin/service.ts'
import { openHallpass } from '../../src/index.ts'
import { silentLog } from '../../src/log.ts'

const execute = promisify(execFile)
const repository = join(import.meta.dirname, '../..')
const page = readFileSync(join(repository, 'docs/api.md'), 'utf8')

/** Each route of the page with its example. */
const examples = [...page.matchAll(/^### `(\w+) (\S+)`\n((?:(?!^#).*\n)*)/gm)].flatMap(
  ([, method = '', path = '', text = '']) => {
    const [, source] = /```sh\n(.*)\n```/.exec(text) ?? []
    return source === undefined ? [] : [{ route: `${method} ${path}`, method, path, source }]
  },
)

let folder: string
let service: Service
let ask: (method: string, path: string, body?: unknown) => Promise<Response>
// biome-ignore lint/suspicious/noExplicitAny: a document of OpenAPI
let openApi: any

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hallpass-api-'))
  writeFileSync(join(folder, 'cookies.txt'), 'app.example.com\tFALSE\t/\tTRUE\t0\tsid\t31d4d96e407aad42\n')
  const env = { HOME: folder, HALLPASS_NO_KEYRING: '1', HALLPASS_LISTEN: '127.0.0.1:0' }
  const hallpass = await openHallpass({ home: join(folder, 'state'), env })
  service = await startService(hallpass, { log: silentLog, version: '0.0.0', background: false })
  const app = adminApp(service.backend)
  ask = async (method, path, body) =>
    app.request(path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
  openApi = await (await ask('GET', '/openapi.json')).json()
})

afterAll(async () => {
  await service.close({ graceMs: 0 })
  rmSync(folder, { recursive: true, force: true })
})

test('docs/api.md shows the routes', async () => {
  const { stdout, stderr } = await execute(process.execPath, ['scripts/api-document.ts', '--check'], {
    cwd: repository,
  })
  expect(stdout + stderr).toBe('')
})

describe('the example of', () => {
  test.each(examples)('$route runs over the socket and gives the document', async (example) => {
    const { method, path, source } = example
    await ask('POST', '/sessions', { name: 'work', ttl_seconds: 3600 })
    const cookie = { name: 'sid', value: 'v', domain: 'app.example.com' }
    await ask('POST', '/sessions/work/cookies', cookie)
    const bearer = { kind: 'bearer', hosts: ['api.example.com'], value: 'v' }
    await ask('PUT', '/sessions/work/credentials/api', bearer)
    const stored = { local_storage: [{ key: 'theme', value: 'light' }] }
    await ask('PUT', '/sessions/work/storage/https%3A%2F%2Fapp.example.com', stored)

    const env = { PATH: process.env.PATH, SOCKET: service.backend.api.home.adminSocket }
    const script = `${source} --silent --show-error --write-out '\\n%{http_code} %{content_type}' || [ $? = 28 ]`
    const { stdout } = await execute('sh', ['-c', script], { cwd: folder, env })
    const [, body = '', status = '', type = ''] = /^([\s\S]*)\n(\d+) (.*)$/.exec(stdout) ?? []
    const operation = openApi.paths[path][method.toLowerCase()]
    expect(Object.keys(operation.responses), stdout).toContain(status)
    const { schema } = operation.responses[status].content[type]
    if (type === 'application/json') expect(accepts(schema, JSON.parse(body))).toBe(true)
  })
})

/** A schema of the page refuses a document with a field that the page does not list. */
function accepts(schema: object, document: unknown): boolean {
  const whole = { ...schema, $defs: openApi.components.schemas }
  const local = JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/'))
  const { error } = z.fromJSONSchema(local).safeParse(document)
  expect(error?.issues ?? []).toEqual([])
  return error === undefined
}

test('every route has an example, but for the one that needs an authorization server', () => {
  const routes = Object.entries<object>(openApi.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const shown = examples.map(({ route }) => route)
  expect(routes.filter((route) => !shown.includes(route))).toEqual([
    'POST /sessions/{id}/credentials/{name}/refresh',
  ])
})
