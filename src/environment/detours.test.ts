import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { testWith } from '../../test/support/installed.ts'
import { findDetours } from './detours.ts'

/** A home folder with these files, and programs of these names in PATH. */
function at(files: Readonly<Record<string, string>>, programs: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), 'hallpass-detours-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const bin = join(home, 'bin')
  mkdirSync(bin)
  for (const program of programs) writeFileSync(join(bin, program), '')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text)
  }
  return { home, env: { HOME: home, PATH: bin } as NodeJS.ProcessEnv }
}

const hosts = ['api.example.com']

describe('the own settings of a tool', () => {
  test.each([
    ['curl', '.curlrc', '# mine\nproxy = "http://proxy.corp:3128"\n', 'proxy'],
    ['curl', '.curlrc', '--proxy http://proxy.corp:3128\n', '--proxy'],
    ['curl', '.curlrc', '-x proxy.corp:3128\n', '-x'],
    ['curl', '.curlrc', 'noproxy = example.com\n', 'noproxy'],
    ['curl', '.config/curlrc', 'socks5 127.0.0.1:1080\n', 'socks5'],
    ['wget', '.wgetrc', 'https_proxy = http://proxy.corp:3128/\n', 'https_proxy'],
    ['wget', '.wgetrc', 'use_proxy = off\n', 'use_proxy'],
    ['npm', '.npmrc', 'https-proxy=http://proxy.corp:3128/\n', 'https-proxy'],
    ['pip', '.config/pip/pip.conf', '[global]\nproxy = http://proxy.corp:3128\n', 'proxy'],
    ['cargo', '.cargo/config.toml', '[http]\nproxy = "proxy.corp:3128"\n', 'proxy'],
    [
      'gcloud',
      '.config/gcloud/configurations/config_default',
      '[proxy]\ntype = http\naddress = proxy.corp\n',
      'address',
    ],
    [
      'kubectl',
      '.kube/config',
      'clusters:\n- cluster:\n    proxy-url: http://proxy.corp:3128\n',
      'proxy-url',
    ],
    ['conda', '.condarc', 'proxy_servers:\n  https: http://proxy.corp:3128\n', 'proxy_servers'],
  ])('%s: a proxy in %s: %j', async (tool, file, text, key) => {
    const { home, env } = at({ [file]: text }, [tool])
    expect(await findDetours(env, hosts)).toEqual([
      {
        fact: `${tool} goes around hallpass: ${key} in ${join(home, file)} beats the proxy variables`,
        remedy: `remove ${key} from ${join(home, file)}`,
      },
    ])
  })

  test.each([
    ['curl', '.curlrc', 'cacert = /etc/corp.pem\n', 'cacert'],
    ['wget', '.wgetrc', 'ca_certificate = /etc/corp.pem\n', 'ca_certificate'],
    ['conda', '.condarc', 'ssl_verify: /etc/corp.pem\n', 'ssl_verify'],
  ])('%s: roots in %s that replace ours', async (tool, file, text, key) => {
    const { env } = at({ [file]: text }, [tool])
    const [found] = await findDetours(env, hosts)
    expect(found?.fact).toContain(`${tool} refuses the certificates of hallpass: ${key} in `)
  })

  test.each([
    ['a comment', { '.curlrc': '# proxy = x\n' }, ['curl']],
    ['another key', { '.curlrc': 'proxy-header = "A: b"\nuser-agent = "proxy"\n' }, ['curl']],
    ['a tool that is not installed', { '.curlrc': 'proxy = x\n' }, []],
    ['verification that is on', { '.condarc': 'ssl_verify: true\n' }, ['conda']],
  ])('%s is none', async (_, files, programs) => {
    const { env } = at(files, programs)
    expect(await findDetours(env, hosts)).toEqual([])
  })

  test('of another tool than the one that runs does not matter, unless that may start any tool', async () => {
    const { env } = at({ '.curlrc': 'proxy = x\n', '.wgetrc': 'https_proxy = y\n' }, ['curl', 'wget'])
    expect(await findDetours(env, hosts, 'curl')).toHaveLength(1)
    expect(await findDetours(env, hosts, 'npm')).toHaveLength(0)
    expect(await findDetours(env, hosts, 'sh')).toHaveLength(2)
  })

  test('does not matter to a session that knows no host', async () => {
    const { env } = at({ '.curlrc': 'proxy = x\n' }, ['curl'])
    expect(await findDetours({ ...env, NO_PROXY: '*' }, [])).toEqual([])
  })
})

describe('the settings of git', () => {
  const withGit = (config: string) => {
    const { home, env } = at({ '.gitconfig': config }, [])
    const path = [env.PATH, process.env.PATH].join(delimiter)
    return { home, env: { ...env, PATH: path, GIT_CONFIG_NOSYSTEM: '1', GIT_CEILING_DIRECTORIES: home } }
  }

  testWith('git').each([
    ['[http]\n\tproxy = http://proxy.corp:3128\n', 'http.proxy'],
    [
      '[http "https://api.example.com/"]\n\tproxy = http://proxy.corp:3128\n',
      'http.https://api.example.com/.proxy',
    ],
    ['[remote "origin"]\n\tproxy = http://proxy.corp:3128\n', 'remote.origin.proxy'],
  ])('%j', async (config, key) => {
    const { home, env } = withGit(config)
    const [found, ...others] = await findDetours(env, hosts, 'git')
    expect(others).toEqual([])
    expect(found?.fact).toBe(
      `git goes around hallpass: ${key} in ${join(home, '.gitconfig')} beats the proxy variables`,
    )
  })

  testWith('git').each([
    ['an empty proxy', '[http]\n\tproxy =\n'],
    ['one for another host', '[http "https://other.example/"]\n\tproxy = http://proxy.corp:3128\n'],
  ])('%s is none', async (_, config) => {
    expect(await findDetours(withGit(config).env, hosts, 'git')).toEqual([])
  })
})

describe('NO_PROXY', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['.example.com,10.0.0.0/8', hosts, 'api.example.com'],
    ['api.example.com:443', hosts, 'api.example.com'],
    ['*', hosts, 'api.example.com'],
    ['app.example.com', ['example.com', '*.example.com'], '*.example.com'],
    ['example.com', ['*.example.com'], '*.example.com'],
    ['10.0.0.0/8', ['10.1.2.3'], '10.1.2.3'],
    ['intern.corp', hosts, undefined],
    ['notexample.com', hosts, undefined],
    ['localhost,127.0.0.1', ['127.0.0.1'], undefined],
  ])('%s, and the session knows %j: %s', async (noProxy, known, covered) => {
    const found = await findDetours({ ...at({}, []).env, NO_PROXY: noProxy }, known)
    expect(
      found.map(({ fact }) => /^requests to (.*) go around hallpass: NO_PROXY has /.exec(fact)?.[1]),
    ).toEqual(covered === undefined ? [] : [covered])
  })
})
