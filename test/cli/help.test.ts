import { afterEach, describe, expect, test, vi } from 'vitest'
import type { CommandSpec } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { globalOptions } from '../../src/cli/global-options.ts'
import { helpPages } from '../../src/cli/help-pages.ts'
import { runProgram } from '../../src/cli/program.ts'

const maxColumns = 100

const { columns } = process.stdout
afterEach(() => {
  process.stdout.columns = columns
})

describe.each([[[]], ...paths(commands).map((path) => [path])])('--help of hallpass %j', (path) => {
  test.each([80, 100, 200])('fits a terminal of %d columns, and has at most 100', async (width) => {
    process.stdout.columns = width
    const text = await printed([...path, '--help'])
    expect(text).toContain('Usage: hallpass')
    expect(text.split('\n').filter((line) => line.length > Math.min(width, maxColumns))).toEqual([])
  })

  test('lists the options that every command has', async () => {
    const text = await printed([...path, '--help'])
    for (const { flags } of globalOptions) expect(text).toContain(`  ${flags} `)
  })
})

test.each(helpPages.map(({ name }) => name))('help %s fits 100 columns', async (name) => {
  const text = await printed(['help', name])
  expect(text.split('\n').filter((line) => line.length > maxColumns)).toEqual([])
})

test.each(all(commands).map((spec) => [spec.name, spec.summary]))(
  'the summary of %s is one line without a full stop',
  (_, summary) => {
    expect(summary).toMatch(/^[a-z].*[^.]$/)
    expect(summary.length).toBeLessThanOrEqual(80)
  },
)

async function printed(words: readonly string[]): Promise<string> {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  try {
    expect(await runProgram(words, {})).toBe(0)
  } finally {
    write.mockRestore()
  }
  return text
}

function all(specs: readonly CommandSpec[]): CommandSpec[] {
  return specs.flatMap((spec) => [spec, ...all(spec.subcommands ?? [])])
}

function paths(specs: readonly CommandSpec[], above: readonly string[] = []): string[][] {
  return specs.flatMap(({ name, subcommands = [] }) => {
    const path = [...above, name]
    return [path, ...paths(subcommands, path)]
  })
}
