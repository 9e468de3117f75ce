import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const repository = join(import.meta.dirname, '..')
const pages = readdirSync(join(repository, 'docs')).filter((name) => name.endsWith('.md'))
const documents = ['README.md', 'CONTRIBUTING.md', 'certs/README.md', ...pages.map((name) => `docs/${name}`)]
const read = (file: string) => readFileSync(join(repository, file), 'utf8')

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }

describe.each(documents)('%s', (document) => {
  it('runs scripts that package.json has', () => {
    for (const [, name = ''] of read(document).matchAll(/npm run ([\w-]+)/g))
      expect(Object.keys(scripts)).toContain(name)
  })

  it('links to files and headings that exist', () => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)]
    for (const [link, path = '', anchor] of links) {
      const file = path === '' ? document : join(dirname(document), path)
      expect(existsSync(join(repository, file)), link).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(read(file)), link).toContain(anchor)
    }
  })
})

it.each(['CONTRIBUTING.md', 'docs/threat-model.md'])('%s names files of src that exist', (document) => {
  const named = [...read(document).matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts)`/g)].map(([, file = '']) => file)
  expect(named.length).toBeGreaterThan(5)
  expect(
    named.filter((file) => !existsSync(join(repository, 'src', file)) && !existsSync(join(repository, file))),
  ).toEqual([])
})

it('docs/README.md lists every page', () => {
  const listed = [...read('docs/README.md').matchAll(/\]\((\w[\w-]*\.md)\)/g)].map(([, name]) => name)
  expect(listed.toSorted()).toEqual(pages.filter((name) => name !== 'README.md').toSorted())
})
