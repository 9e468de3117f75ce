import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { environmentName } from '../src/config/environment.ts'
import { configJsonSchema } from '../src/config/json-schema.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { defaults, type Key } from '../src/config/schema.ts'
import { kindNames } from '../src/credentials/kinds.ts'

const file = join(import.meta.dirname, '../config.example.yaml')
const text = readFileSync(file, 'utf8')
/** The comments as one line, so that a description may be broken anywhere. */
const comments = text
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line.startsWith('#'))
  .map((line) => line.replace(/^# ?/, ''))
  .join(' ')

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

/** All keys of a schema with a name of its own, as `rules.hosts`, with what the schema says of them. */
function keysOf(schema: Schema, path = ''): { key: string; name: string; description: string | undefined }[] {
  const inner = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
      const key = path === '' ? name : `${path}.${name}`
      return [{ key, name, description: part.description }, ...keysOf(part, key)]
    }),
    ...inner.flatMap((part) => (typeof part === 'object' ? keysOf(part, path) : [])),
  ]
}

describe('config.example.yaml', () => {
  const keys = keysOf(configJsonSchema() as Schema)

  it('is valid', async () => {
    const config = await loadConfig({ home: '/nowhere', env: {}, file })
    expect(config.rules).toHaveLength(2)
    // One of each kind at least, in the order of the file.
    expect(new Set([...config.credentials.values()].map(({ kind }) => kind))).toEqual(new Set(kindNames))
    expect([...config.credentials.keys()].slice(0, 3)).toEqual(['api', 'github', 'work'])
  })

  it('shows the defaults of all keys that have a value by default', async () => {
    const config = await loadConfig({ home: '/nowhere', env: {}, file })
    const { rules, credentials, health, ...scalars } = defaults
    expect(config).toMatchObject(scalars)
    expect([rules, [...credentials], [...health]]).toEqual([[], [], []])
  })

  it('finds keys of rules and credentials', () => {
    expect(keys.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['listen', 'rules.allow', 'credentials.param']),
    )
  })

  it.each(keys)('has the key $key', ({ name }) => {
    expect(text).toMatch(new RegExp(`^[ -]*${name}:`, 'm'))
  })

  it.each(keys.filter(({ description }) => description !== undefined))('explains $key', ({ description }) => {
    expect(comments.toLowerCase()).toContain(description?.toLowerCase())
  })

  it.each((Object.keys(defaults) as Key[]).flatMap((key) => environmentName(key) ?? []))(
    'names %s',
    (name) => {
      expect(comments).toContain(name)
    },
  )
})
