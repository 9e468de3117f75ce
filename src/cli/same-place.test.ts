import { expect, it } from 'vitest'
import { commands } from './commands.ts'
import { inSamePlace } from './same-place.ts'

it.each([
  ['hallpass token list', 'hallpass token list --session work --home /a'],
  [
    'hallpass run -- curl https://a.example/',
    'hallpass run --session work --home /a -- curl https://a.example/',
  ],
  ['hallpass login https://a.example', 'hallpass login https://a.example --session work --home /a'],
  ['hallpass session show', 'hallpass session show --session work --home /a'],
  ['hallpass token login x --session other', 'hallpass token login x --session other --home /a'],
  ['hallpass doctor', 'hallpass doctor --home /a'],
  ['eval "$(hallpass env)"', 'eval "$(hallpass env --session work --home /a)"'],
  ['chmod 700 /a', 'chmod 700 /a'],
  [
    'hallpass stop; hallpass start --background',
    'hallpass stop --home /a; hallpass start --background --home /a',
  ],
  ['HALLPASS_KEY_FILE=BACKUP hallpass key status', 'HALLPASS_KEY_FILE=BACKUP hallpass key status --home /a'],
  ['printf %s "$T" | hallpass token set x', 'printf %s "$T" | hallpass token set x --session work --home /a'],
  ['no cookies left; hallpass captures no more', 'no cookies left; hallpass captures no more'],
  ['expired: hallpass token login x', 'expired: hallpass token login x --session work --home /a'],
  ['hallpass start --no-auth, and java', 'hallpass start --no-auth --home /a, and java'],
  ['hallpass env | cat', 'hallpass env --session work --home /a | cat'],
  [
    "hallpass export --out 'Jan, Feb.txt' --reveal",
    "hallpass export --out 'Jan, Feb.txt' --reveal --session work --home /a",
  ],
  [
    "hallpass export --out 'a -- b; c | d.txt'",
    "hallpass export --out 'a -- b; c | d.txt' --session work --home /a",
  ],
  ['hallpass import - < a.txt', 'hallpass import - --session work --home /a < a.txt'],
  [
    "hallpass run -- sh -c 'a; hallpass stop'",
    "hallpass run --session work --home /a -- sh -c 'a; hallpass stop'",
  ],
])('%s stays in the place that the user named', (command, expected) => {
  expect(inSamePlace(command, { session: 'work', home: '/a' }, commands)).toBe(expected)
  expect(inSamePlace(command, { session: 'default' }, commands)).toBe(command)
})

it('quotes a folder for the shell', () => {
  expect(inSamePlace('hallpass stop', { home: "/it's mine" }, commands)).toBe(
    "hallpass stop --home '/it'\\''s mine'",
  )
})
