import { expect, it } from 'vitest'
import { commandWords } from './value-command.ts'

it.each<[line: string, words: readonly string[]]>([
  ['gh auth token', ['gh', 'auth', 'token']],
  [
    '  op  read\t"op://vault/my item/field?attribute=otp" ',
    ['op', 'read', 'op://vault/my item/field?attribute=otp'],
  ],
  ["pass 'show me' it\\ too a''b", ['pass', 'show me', 'it too', 'ab']],
  [`say "a \\"quoted\\" \\\\ 'word'" ''`, ['say', `a "quoted" \\ 'word'`, '']],
  ['C:\\tools\\gh.exe auth', ['C:\\tools\\gh.exe', 'auth']],
  ["say '$HOME | `x`' a~b", ['say', '$HOME | `x`', 'a~b']],
  ["env A=b find '*' '?' a#b 'a\nb'", ['env', 'A=b', 'find', '*', '?', 'a#b', 'a\nb']],
  ['gh auth token\n', ['gh', 'auth', 'token']],
])('%j has the words %j', (line, words) => expect(commandWords(line)).toEqual(words))

it.each([
  ['gh auth token | head -1', /\|/],
  ['a && b', /&/],
  ['a; b', /;/],
  ['echo $TOKEN', /\$/],
  ['echo "$TOKEN"', /TOKEN/],
  ['echo `id`', /`/],
  ['cat < file', /</],
  ['~/bin/print', /~/],
  ['cat *.token', /so \* would/],
  ['cat token.?', /so \? would/],
  ['cat token[1]', /so \[ would/],
  ['(gh auth token)', /so \( would/],
  ['gh auth token # mine', /so # would/],
  ['GH_HOST=git.example gh auth token', /write env GH_HOST=… before/],
  ['gh auth token\ngh auth status', /line break/],
  ['gh auth \\\n token', /line break/],
  ["say 'open", /quote is not closed/],
  ['say "open', /quote is not closed/],
  ['', /empty/],
  ["''", /empty/],
  ['a\0b', /NUL/],
])('%j is refused, since a shell would do something else', (line, reason) =>
  expect(commandWords(line)).toMatch(reason),
)
