import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publicDeclarations, withoutComments } from './declarations.ts'

const dist = join(import.meta.dirname, '..', '..', 'dist')
const index = join(dist, 'index.d.ts')
const declarations = publicDeclarations(index)

describe('the public API of the built package', () => {
  it('is as reviewed in public-api.txt: after a change that is meant, write that anew with `vitest run test/library -u`', async () => {
    const text = declarations.map((declaration) => `${declaration.text}\n`).join('\n')
    // docs/errors.md has the meanings, and a test of its own.
    const listing = text.replaceAll(/^ *readonly meaning: .*\n/gm, '')
    await expect(listing).toMatchFileSnapshot('public-api.txt')
  })

  it.each(['undici', 'http-mitm-proxy', 'playwright'])('of hallpass/%s too', async (name) => {
    const listing = withoutComments(readFileSync(join(dist, 'adapters', `${name}.d.ts`), 'utf8'))
    await expect(listing).toMatchFileSnapshot(`public-api.${name}.txt`)
  })

  it('exports every type that its signatures name', () => {
    const exported = new Set(declarations.map(({ name }) => name))
    const missing = declarations.flatMap(({ name, uses }) =>
      uses.filter((used) => !exported.has(used)).map((used) => `${used}, in ${name}`),
    )
    expect(missing).toEqual([])
  })
})
