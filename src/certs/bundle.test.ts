import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { caExtensions, makeCertificate } from '../../test/support/make-certificate.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { KeyRing } from '../store/keyring.ts'
import { Authority } from './authority.ts'
import { caFileVariables, combinedBundle, writeBundle } from './bundle.ts'
import { fromPem, pemBlocks } from './pem.ts'
import { systemRoots, upstreamRoots } from './roots.ts'

async function fresh() {
  const home = temporaryHome()
  const keys = await KeyRing.open(home, { env: { HALLPASS_NO_KEYRING: '1' }, create: true })
  return { home, keys, authority: await Authority.open(home, keys, { create: true }) }
}

const root = (commonName: string) => makeCertificate({ commonName, extensions: caExtensions(1) }).cert
const blocks = (pem: string) => pemBlocks('CERTIFICATE', pem)

describe('the combined bundle', () => {
  it("has the system's roots, each once, and ours at the end", async () => {
    const { authority } = await fresh()
    const bundle = combinedBundle({ authority, env: {} })
    const certificates = blocks(bundle.pem)
    expect(certificates.at(-1)).toBe(authority.certificatePem)
    expect(certificates).toHaveLength(systemRoots().length + 1)
    expect(new Set(certificates.map((pem) => new X509Certificate(pem).fingerprint256)).size).toBe(
      certificates.length,
    )
    expect(bundle.certificates).toBe(certificates.length)
    expect(systemRoots().length).toBeGreaterThan(20)
  })

  it.each([
    ['a whole path', (path: string) => `registry=https://r.test/\ncafile=${path}\n`],
    ['a path below home', () => 'cafile = "~/company.pem"\n'],
  ])(
    "has the certificates of the cafile in the user's npmrc, which the variable beats: %s",
    async (_, npmrc) => {
      const { home, authority } = await fresh()
      const company = root('company')
      const path = join(home.root, 'company.pem')
      writeFileSync(path, company)
      writeFileSync(join(home.root, '.npmrc'), npmrc(path))
      const bundle = combinedBundle({ authority, env: { HOME: home.root } })
      expect(blocks(bundle.pem)).toContain(company)
    },
  )

  it("has Node's roots on a system without roots, and every PEM reader reads it", async () => {
    const { home, authority } = await fresh()
    const script = `
      import { systemRoots } from ${JSON.stringify(join(import.meta.dirname, 'roots.ts'))}
      console.log(JSON.stringify(systemRoots()))`
    const node = [process.execPath, '--input-type=module-typescript', '-e', script] as const
    const env = { SSL_CERT_FILE: '/nowhere', SSL_CERT_DIR: '/nowhere' }
    const roots = JSON.parse(execFileSync(node[0], node.slice(1), { encoding: 'utf8', env })) as string[]
    expect(roots).toHaveLength(rootCertificates.length)
    writeFileSync(join(home.root, 'roots.pem'), roots.join(''))
    const { pem } = combinedBundle({ authority, env: { SSL_CERT_FILE: join(home.root, 'roots.pem') } })
    for (const text of [roots.join(''), pem]) {
      const lines = text.split('\n')
      expect(lines.every((line) => line.length <= 64)).toBe(true)
      expect(lines.filter((line) => line === '-----BEGIN CERTIFICATE-----')).toHaveLength(blocks(text).length)
    }
  })

  it.each(caFileVariables)("keeps a company's root that %s points at", async (variable) => {
    const { home, authority } = await fresh()
    const company = root('a company')
    const file = join(home.root, 'company.pem')
    writeFileSync(file, `# our root\r\n${company.replaceAll('\n', '\r\n')}`)
    const { pem, skipped } = combinedBundle({ authority, env: { [variable]: file } })
    expect(blocks(pem)).toContain(company)
    expect(skipped).toEqual([])
  })

  it('keeps those of SSL_CERT_DIR, folders that are not there passed over', async () => {
    const { home, authority } = await fresh()
    const folder = join(home.root, 'company')
    mkdirSync(folder)
    const company = root('a company')
    writeFileSync(join(folder, '12345678.0'), company)
    writeFileSync(join(folder, 'readme.txt'), 'hello')
    const { pem, skipped } = combinedBundle({ authority, env: { SSL_CERT_DIR: `/nowhere:${folder}` } })
    expect(blocks(pem)).toContain(company)
    expect(skipped).toEqual([])
  })

  it('names an inherited variable without a usable file, and goes on', async () => {
    const { home, authority } = await fresh()
    const empty = join(home.root, 'empty.pem')
    writeFileSync(empty, 'hello')
    const env = {
      SSL_CERT_FILE: join(home.root, 'none.pem'),
      CURL_CA_BUNDLE: empty,
      GIT_SSL_CAINFO: home.root,
    }
    const { skipped, pem } = combinedBundle({ authority, env })
    expect(skipped.map(({ variable }) => variable)).toEqual([
      'SSL_CERT_FILE',
      'CURL_CA_BUNDLE',
      'GIT_SSL_CAINFO',
    ])
    expect(blocks(pem)).toContain(authority.certificatePem)
  })

  it('knows a certificate again in another spelling', async () => {
    const { home, authority } = await fresh()
    const file = join(home.root, 'again.pem')
    const [known = ''] = systemRoots()
    const lines =
      fromPem(known)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    writeFileSync(file, `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----`)
    const { certificates } = combinedBundle({ authority, env: { SSL_CERT_FILE: file } })
    expect(certificates).toBe(systemRoots().length + 1)
  })

  it('leaves out a block that does not parse: some clients refuse the whole file for it', async () => {
    const { home, authority } = await fresh()
    const file = join(home.root, 'company.pem')
    const company = root('a company')
    writeFileSync(file, `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${company}`)
    const { pem } = combinedBundle({ authority, env: { SSL_CERT_FILE: file } })
    expect(blocks(pem)).toContain(company)
    for (const block of blocks(pem)) new X509Certificate(block)
  })

  it('built on its own predecessor keeps the company and drops our old authority', async () => {
    const { home, keys, authority } = await fresh()
    const company = root('a company')
    const file = join(home.root, 'company.pem')
    writeFileSync(file, company)
    await writeBundle(home, { authority, env: { SSL_CERT_FILE: file } })
    const old = authority.certificatePem
    const rotated = await Authority.rotate(home, keys)
    // A shell that took over `hallpass env` before the rotation.
    const env = { SSL_CERT_FILE: home.caBundle, NODE_EXTRA_CA_CERTS: home.caPem }
    const { pem } = await writeBundle(home, { authority: rotated, env })
    expect(blocks(pem)).toContain(company)
    expect(blocks(pem)).not.toContain(old)
    expect(blocks(pem).filter((block) => block === rotated.certificatePem)).toHaveLength(1)
    expect(readFileSync(home.caBundle, 'utf8')).toBe(pem)
    expect(statSync(home.caBundle).mode & 0o777).toBe(0o600)
  })

  it('keeps the authority of another installation, whose proxy may be upstream', async () => {
    const { authority } = await fresh()
    const other = await fresh()
    const { pem } = combinedBundle({ authority, env: { SSL_CERT_FILE: other.home.caPem } })
    expect(blocks(pem)).toContain(other.authority.certificatePem)
  })

  it('is not written again while it would be the same', async () => {
    const { home, keys, authority } = await fresh()
    await writeBundle(home, { authority, env: {} })
    const { ino } = statSync(home.caBundle)
    await writeBundle(home, { authority, env: {} })
    expect(statSync(home.caBundle).ino).toBe(ino)
    await writeBundle(home, { authority: await Authority.rotate(home, keys), env: {} })
    expect(statSync(home.caBundle).ino).not.toBe(ino)
  })

  it('written by who opened the authority before a rotation has the new one', async () => {
    const { home, keys, authority } = await fresh()
    const rotated = await Authority.rotate(home, keys)
    const { pem } = await writeBundle(home, { authority, env: {} })
    expect(blocks(pem).at(-1)).toBe(rotated.certificatePem)
  })
})

describe('the roots that the proxy trusts upstream', () => {
  it("is the system's roots and Node's, with the files that are named", async () => {
    const { home } = await fresh()
    const [company, configured] = [root('a company'), root('configured')]
    writeFileSync(join(home.root, 'company.pem'), company)
    writeFileSync(join(home.root, 'configured.pem'), configured)
    const roots = upstreamRoots({
      upstreamCa: [join(home.root, 'configured.pem')],
      env: { NODE_EXTRA_CA_CERTS: join(home.root, 'company.pem') },
    })
    expect(roots).toEqual(expect.arrayContaining([company, configured, ...systemRoots()]))
    expect(roots.length).toBe(new Set(roots).size)
  })

  it('is never our own authority, however it got into the list', async () => {
    const { home, authority } = await fresh()
    const roots = upstreamRoots({
      upstreamCa: [home.caPem],
      env: { NODE_EXTRA_CA_CERTS: home.caPem },
      authority,
    })
    expect(roots).not.toContain(authority.certificatePem)
  })

  it.each([
    ['is missing', undefined, 'cannot be read'],
    ['is empty', '', 'holds no PEM certificate'],
    [
      'holds a key',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      'holds no PEM certificate',
    ],
    [
      'is damaged',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'damaged certificate (number 1)',
    ],
  ])('is refused, naming the file, when one that is named %s', async (_, text, reason) => {
    const { home } = await fresh()
    const file = join(home.root, 'named.pem')
    if (text !== undefined) writeFileSync(file, text)
    const expected = {
      code: 'config-invalid',
      message: expect.stringMatching(new RegExp(`named\\.pem.*${reason.replace(/[()]/g, '\\$&')}`)),
    }
    expect(() => upstreamRoots({ upstreamCa: [file], env: {} })).toThrow(expect.objectContaining(expected))
    expect(() => upstreamRoots({ upstreamCa: [], env: { NODE_EXTRA_CA_CERTS: file } })).toThrow(
      expect.objectContaining({ ...expected, hint: 'unset NODE_EXTRA_CA_CERTS' }),
    )
  })
})
