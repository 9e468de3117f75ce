import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorTable } from '../src/errors.ts'

it('docs/errors.md lists every code with its exit status, HTTP status and meaning, in the order of the table', () => {
  const document = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8')
  const listed = document.split('\n').filter((line) => line.startsWith('| `'))
  const rows = Object.entries(errorTable).map(([code, { exit, http, meaning }]) => {
    return `| \`${code}\` | ${exit} | ${http} | ${meaning} |`
  })
  expect(listed).toEqual(rows)
})
