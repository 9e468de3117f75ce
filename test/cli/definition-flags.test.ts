import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { definitionFlags, flagName } from '../../src/cli/commands/token/definition-flags.ts'
import { kinds } from '../../src/credentials/kinds.ts'

describe.each(kinds)('the flags of the kind $kind', ({ kind, options }) => {
  const schema = z.toJSONSchema(options(z), { io: 'input', unrepresentable: 'any' })
  const keys = Object.keys(schema.properties ?? {}).filter((key) => key !== 'kind')

  it.each(keys)('say %s', (key) => {
    expect(definitionFlags.map((flag) => flag.key)).toContain(key)
  })

  it('are those whose summaries name the kind, beside those of every kind', () => {
    const named = definitionFlags.filter(({ summary }) => summary.includes('('))
    const ofKind = named.filter(({ summary }) => new RegExp(`\\((.*, )?${kind}(, .*)?\\)$`).test(summary))
    const common = ['hosts', 'allowHttp', 'override']
    expect(ofKind.map(({ key }) => key).sort()).toEqual(keys.filter((key) => !common.includes(key)).sort())
  })
})

it('each flag and each key stands once', () => {
  expect(new Set(definitionFlags.map(flagName)).size).toBe(definitionFlags.length)
  expect(new Set(definitionFlags.map(({ key }) => key)).size).toBe(definitionFlags.length)
})
