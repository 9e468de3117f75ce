import { expect, test, vi } from 'vitest'
import type { CommandSpec } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { helpPages } from '../../src/cli/help-pages.ts'
import { runProgram } from '../../src/cli/program.ts'

const maxColumns = 100

test.each([[], ...paths(commands)])('--help of hallpass %s %s fits 100 columns', async (...path) => {
  const text = await printed([...path, '--help'])
  expect(text).toContain('Usage: hallpass')
  expect(text.split('\n').filter((line) => line.length > maxColumns)).toEqual([])
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
