import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { needs } from '../support/installed.ts'
import { httpOrigin, testRootPem } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'

const run = promisify(execFile)

/** A site that says who asked and what it got, known to the session, and one that is not known. */
async function world() {
  const origin = await httpOrigin(
    (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (chunk: Buffer) => parts.push(chunk))
      request.on('end', () => {
        const { authorization = 'nobody', ...headers } = request.headers
        response.setHeader('Set-Cookie', 'sid=1; HttpOnly; Secure')
        response.end(
          `${request.method} ${authorization} ${Buffer.concat(parts).length} ${JSON.stringify(headers)}`,
        )
      })
    },
    { hosts: ['site.test', 'blind.test'] },
  )
  const plain = await httpOrigin((request, response) =>
    response.end(`plain ${request.url} ${JSON.stringify(request.headers)}`),
  )
  const at = (port: number) => `127.0.0.1:${port}`
  const proxy = await startTestProxy({
    resolve: { 'site.test': at(origin.port), 'blind.test': at(origin.port), 'plain.test': at(plain.port) },
  })
  await proxy.knows('SECRET', 'site.test')
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-clients-'))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    await proxy[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
    await plain[Symbol.asyncDispose]()
  })
  const bundle = join(folder, 'bundle.pem')
  writeFileSync(bundle, proxy.caPem + testRootPem())
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    https_proxy: proxy.url,
    http_proxy: proxy.url,
    HTTPS_PROXY: proxy.url,
    CURL_CA_BUNDLE: bundle,
    SSL_CERT_FILE: bundle,
    GIT_SSL_CAINFO: bundle,
    NODE_EXTRA_CA_CERTS: bundle,
    NODE_USE_ENV_PROXY: '1',
  }
  const out = async (command: string, ...args: readonly string[]) =>
    (await run(command, args, { env, timeout: 240_000 })).stdout
  return { out, proxy, origin, folder }
}

describe('real clients', () => {
  it('curl: GET, POST with and without Expect, PUT from a pipe, HEAD, plain http, an unknown host', async (context) => {
    needs(context, 'curl')
    const { out, proxy, folder } = await world()
    const curl = (...args: readonly string[]) => out('curl', '-sS', '--max-time', '20', ...args)
    expect(await curl('https://site.test/')).toMatch(/^GET Bearer SECRET 0 /)
    expect(await curl('-d', 'x=1', 'https://site.test/')).toMatch(/^POST Bearer SECRET 3 /)
    const big = join(folder, 'big')
    writeFileSync(big, Buffer.alloc(3_000_000))
    expect(
      await curl('-H', 'Expect: 100-continue', '--data-binary', `@${big}`, 'https://site.test/'),
    ).toMatch(/^POST Bearer SECRET 3000000 /)
    expect(await curl('-T', big, '-H', 'Transfer-Encoding: chunked', 'https://site.test/')).toMatch(
      /^PUT Bearer SECRET 3000000 /,
    )
    expect(await curl('-I', 'https://site.test/')).toMatch(/^hallpass-captured: sid\r$/im)
    expect(await curl('-i', 'https://site.test/')).not.toMatch(/set-cookie/i)
    expect(await curl('https://blind.test/')).toMatch(/^GET nobody 0 /)
    expect(await curl('http://plain.test/a?b')).toMatch(/^plain \/a\?b /)
    expect(await curl('http://plain.test/')).not.toMatch(/proxy/i)
    expect(await curl('--proxytunnel', 'http://plain.test/in')).toMatch(/^plain \/in /)
    expect(await curl('https://site.test/1', 'https://site.test/2', 'https://site.test/3')).toMatch(
      /(GET Bearer SECRET 0 .*){3}/,
    )
    expect(proxy.messages).toEqual([])
  })

  it('Node fetch, also for http:// targets, which it speaks in clear inside CONNECT', async () => {
    const { out } = await world()
    const script = `
      for (const url of ['https://site.test/', 'http://plain.test/x', 'https://blind.test/']) console.log(await (await fetch(url)).text())
      console.log(await (await fetch('https://site.test/', { method: 'POST', body: 'x'.repeat(100000) })).text())`
    const lines = (await out(process.execPath, '--input-type=module', '-e', script)).split('\n')
    expect(lines[0]).toMatch(/^GET Bearer SECRET 0 /)
    expect(lines[1]).toMatch(/^plain \/x /)
    expect(lines[2]).toMatch(/^GET nobody 0 /)
    expect(lines[3]).toMatch(/^POST Bearer SECRET 100000 /)
  })

  it('Python urllib', async (context) => {
    needs(context, 'python3')
    const { out } = await world()
    const script = `
import urllib.request
for url in ['https://site.test/', 'http://plain.test/x']:
    print(urllib.request.urlopen(url).read().decode())
print(urllib.request.urlopen('https://site.test/', data=b'x' * 1000).read().decode())`
    const lines = (await out('python3', '-c', script)).split('\n')
    expect(lines[0]).toMatch(/^GET Bearer SECRET 0 /)
    expect(lines[1]).toMatch(/^plain \/x /)
    expect(lines[2]).toMatch(/^POST Bearer SECRET 1000 /)
  })

  it('curl, wget and Node read over https why the proxy refused', async (context) => {
    for (const program of ['curl', 'wget']) needs(context, program)
    const { out, proxy } = await world()
    await proxy.session.credentials.set('own', { kind: 'bearer', hosts: ['127.0.0.1'] }, 'SECRET')
    // The proxy's own port is never a target.
    const url = `https://127.0.0.1:${proxy.port}/`
    const reason = 'hallpass: 127.0.0.1 is never a target: its address is link-local'
    expect(await out('curl', '-sS', url)).toContain(reason)
    expect(
      await out('sh', '-c', `wget -q --ca-certificate="$SSL_CERT_FILE" --content-on-error -O - ${url} || :`),
    ).toContain(reason)
    const script = `console.log(await (await fetch('${url}')).text())`
    expect(await out(process.execPath, '--input-type=module', '-e', script)).toContain(reason)
  })

  it('git, which sends its credentials only after a 407', async (context) => {
    needs(context, 'git')
    const { out, proxy, origin } = await world()
    await out('git', 'ls-remote', 'https://site.test/repository.git')
    // The origin is no git server: that it was asked, with the session, is what counts.
    expect(origin.received).toContain('GET /repository.git/info/refs?service=git-upload-pack HTTP/1.1')
    expect(origin.received).toContain('Authorization: Bearer SECRET')
    expect(proxy.entries[0]).toMatchObject({
      host: 'site.test',
      path: '/repository.git/info/refs',
      status: 200,
    })
  })
})
