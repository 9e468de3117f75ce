import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { temporaryHome } from '../support/temporary-home.ts'

const repository = join(import.meta.dirname, '..', '..')

function open(session?: string) {
  const { root } = temporaryHome()
  const env = { HOME: root, HALLPASS_NO_KEYRING: '1' }
  return openHallpass({ home: root, env, ...(session === undefined ? {} : { session }) })
}

describe('cookies', () => {
  test('that a response set go to the URLs they are for, and to no other', async () => {
    const hallpass = await open()
    const outcome = await hallpass.saveCookies('https://app.example.com/login', [
      'sid=1; Secure; HttpOnly',
      'beta=2; Path=/beta',
      'evil=3; Domain=other.example',
    ])
    expect(outcome.saved).toEqual(['sid', 'beta'])
    expect(outcome.refused).toMatchObject([{ name: 'evil' }])
    expect(await hallpass.cookieHeader('https://app.example.com/')).toBe('sid=1')
    expect(await hallpass.cookieHeader('https://app.example.com/beta')).toBe('beta=2; sid=1')
    expect(await hallpass.cookieHeader('http://app.example.com/')).toBe('')
    expect(await hallpass.cookieHeader('https://example.com/')).toBe('')
    expect(await hallpass.toNetscape()).toContain('#HttpOnly_app.example.com\tFALSE\t/\tTRUE\t0\tsid\t1')
  })

  test('are there for the next one who opens the folder, until they are cleared', async () => {
    const hallpass = await open()
    await hallpass.saveCookies('https://a.example.com/', ['sid=1'])
    await hallpass.saveCookies('https://b.example/', ['sid=2'])
    const session = await hallpass.session()
    const storages = ['https://a.example.com', 'https://b.example'].map((origin) => {
      return { origin, localStorage: [['auth', 'x']] as const, sessionStorage: [], indexedDB: [] }
    })
    const origins = storages.map((storage) => ({ where: 'here', storage }))
    await session.importInto({ cookies: [], origins, skipped: [] }, { mode: 'merge' })
    const again = await openHallpass({
      home: hallpass.home.root,
      env: { HOME: hallpass.home.root, HALLPASS_NO_KEYRING: '1' },
    })
    expect(again.created).toEqual({ home: false, key: false, authority: false })
    expect(await again.cookieHeader('https://a.example.com/')).toBe('sid=1')
    await again.clear('a.example.com')
    expect(await hallpass.cookieHeader('https://a.example.com/')).toBe('')
    expect(await hallpass.cookieHeader('https://b.example/')).toBe('sid=2')
    expect((await session.storage.list()).map(({ origin }) => origin)).toEqual(['https://b.example'])
    expect(await hallpass.toNetscape('b.example')).toContain('sid')
    expect(await hallpass.toNetscape('a.example.com')).not.toContain('sid')
    await hallpass.clear()
    expect(await hallpass.toNetscape()).not.toContain('b.example')
  })
})

describe('tokens', () => {
  test('become headers for their hosts alone, and are listed without values', async () => {
    const hallpass = await open()
    await hallpass.saveTokens('api', { kind: 'bearer', hosts: ['api.example.com'] }, 'top-secret')
    expect(await hallpass.authHeaders('https://api.example.com/me')).toEqual({
      Authorization: 'Bearer top-secret',
    })
    expect(await hallpass.authHeaders('https://example.com/')).toEqual({})
    expect(await hallpass.authHeaders('http://api.example.com/')).toEqual({})
    const listed = await hallpass.tokens()
    expect(listed).toMatchObject([{ name: 'api', kind: 'bearer', hosts: ['api.example.com'], present: true }])
    expect(JSON.stringify(listed)).not.toContain('top-secret')
  })

  test('come with their value when one is asked for', async () => {
    const hallpass = await open()
    await hallpass.saveTokens('api', { kind: 'bearer', hosts: ['api.example.com'] }, 'top-secret')
    const token = await hallpass.token('api')
    expect(token).toMatchObject({ name: 'api', kind: 'bearer' })
    expect(token.value?.reveal()).toBe('top-secret')
    await expect(hallpass.token('other')).rejects.toMatchObject({ code: 'credential-missing' })
  })

  test('of a site go with it if that is asked for, and only those that go nowhere else', async () => {
    const hallpass = await open()
    const hostsOf = {
      site: ['api.example.com'],
      below: ['example.com:443', '*.example.com'],
      both: ['api.example.com', 'other.example'],
      any: ['*'],
      alike: ['notexample.com'],
    }
    for (const [name, hosts] of Object.entries(hostsOf))
      await hallpass.saveTokens(name, { kind: 'bearer', hosts }, 'top-secret')
    const names = async () => (await hallpass.tokens()).map(({ name }) => name)
    await hallpass.clear('example.com')
    expect(await names()).toEqual(['alike', 'any', 'below', 'both', 'site'])
    await hallpass.clear('example.com', { credentials: true })
    expect(await names()).toEqual(['alike', 'any', 'both'])
  })

  test('that sign give a signature for the URL, made anew each time, or say why there is none', async () => {
    const hallpass = await open()
    const keys = JSON.stringify({ consumerKey: 'ck', consumerSecret: 'top-secret' })
    await hallpass.saveTokens('x', { kind: 'oauth1', hosts: ['api.example.com'] }, keys)
    const url = 'https://api.example.com/me?a=1'
    const { Authorization = '', ...others } = await hallpass.authHeaders(url)
    expect(Authorization).toMatch(/^OAuth oauth_consumer_key="ck", .*oauth_signature="[^"]+"$/)
    expect(others).toEqual({})
    expect(await hallpass.authHeaders(url)).not.toEqual({ Authorization })
    const aws = JSON.stringify({ accessKeyId: 'AKID', secretAccessKey: 'top-secret' })
    await hallpass.saveTokens('aws', { kind: 'sigv4', hosts: ['s3.example.org'] }, aws)
    await expect(hallpass.authHeaders('https://s3.example.org/')).rejects.toMatchObject({ code: 'policy' })
  })
})

test('a session that is not there is an error with a code', async () => {
  const hallpass = await open('work')
  await expect(hallpass.cookies('https://example.com/')).rejects.toMatchObject({ code: 'session-missing' })
})

test('a proxy started here is reached by its URL', async () => {
  const hallpass = await open()
  const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 } })
  onTestFinished(() => proxy.close({ graceMs: 0 }))
  expect(await proxy.url()).toMatch(new RegExp(`^http://default:[\\w-]+@127\\.0\\.0\\.1:${proxy.port}$`))
})

describe('the code in the documents and in the docstrings', () => {
  const docstrings = [
    'src/library/open-hallpass.ts',
    'src/library/hallpass.ts',
    'src/adapters/undici.ts',
    'src/adapters/http-mitm-proxy.ts',
  ]
  const documents = ['README.md', 'docs/library.md', 'docs/programs.md', ...docstrings]

  test('compiles against the built package, in a project as docs/library.md asks for', () => {
    const folder = mkdtempSync(join(repository, 'test', 'cli', 'compiled-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const blocks = documents.flatMap(codeBlocks)
    expect(blocks.length).toBeGreaterThan(6)
    blocks.forEach((block, index) => {
      // A block without an import would be a script, in which names of one block clash with those of another.
      writeFileSync(join(folder, `block-${index}.ts`), `${block}\nexport {}\n`)
    })
    // http-mitm-proxy has types that name it, and brings none of it.
    const semaphore = "declare module 'semaphore' {\n  export type Semaphore = unknown\n}\n"
    writeFileSync(join(folder, 'semaphore.d.ts'), semaphore)
    // The name hallpass means this repository, which `exports` of package.json lead to dist/.
    const compilerOptions = {
      target: 'es2024',
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      // As a project without that setting: the declarations of the package must be whole in themselves.
      skipLibCheck: false,
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['./*.ts'] }))
    const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })
})

function codeBlocks(document: string): string[] {
  const text = readFileSync(join(repository, document), 'utf8').replaceAll(/^ *\* ?/gm, '')
  return Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, code = '']) => code)
}
