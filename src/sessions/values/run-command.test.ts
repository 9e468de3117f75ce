import { expect, it } from 'vitest'
import { scratchFolder } from '../../../test/store/scratch.ts'
import { runCommand } from './run-command.ts'

const shell = (script: string, ...args: string[]) => runCommand(['sh', '-c', script, 'sh', ...args])

it.each<[what: string, stdout: string, stderr: string]>([
  ['a line', '"in" sea "on" tea', 'bad: "in" sea "on" tea'],
  ['a word', 'value: hidden-9c41', 'bad token hidden-9c41'],
  ['a text of JSON', '{"password":"hidden $9c!"}', 'bad word hidden $9c!'],
  ['a word in single quotes', "password: 'hidden$9c41!'", 'bad word hidden$9c41!'],
  ['a token in a form', 'token=hidden-9c41&expires=1', 'bad token hidden-9c41'],
])('the reason of a failure does not repeat %s of stdout', async (_, stdout, stderr) => {
  const printed = await shell('printf %s "$1"; printf %s "$2" >&2; exit 3', stdout, stderr)
  expect(printed).toEqual({ status: 3, failed: expect.stringMatching(/^sh ended with exit status 3: bad/) })
  expect(JSON.stringify(printed)).not.toMatch(/hidden|sea/)
})

it('the reason of a failure has no words of stderr if stdout has too many to compare', async () => {
  const script = 'seq -f hidden-%05g 3000; echo hidden-00001 >&2; exit 3'
  expect(await shell(script)).toEqual({ status: 3, failed: 'sh ended with exit status 3' })
})

it('the output is complete when the command ends, also if a program in the background keeps stdout open', async () => {
  // The program in the background ends when the folder is gone.
  const script = 'while [ -d "$1" ]; do sleep 0.1; done & echo value'
  expect(await shell(script, scratchFolder())).toEqual({ printed: 'value\n' })
  // Without the background, hallpass waited for its deadline of 20 s.
}, 15_000)
