import { spawnSync } from 'node:child_process'
import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../secret.ts'
import { Scrubber } from './scrubber.ts'

const value = 'p~ss w/rd"ü+\\!é'

function scrubberOf(...values: readonly string[]): Scrubber {
  const scrubber = new Scrubber()
  for (const each of values) scrubber.add(new Secret(each))
  return scrubber
}

describe('the scrubber', () => {
  const latin1 = Buffer.from(value, 'latin1')
  const utf8 = Buffer.from(value, 'utf8')

  it.each([
    ['as JSON writes it', JSON.stringify(value).slice(1, -1)],
    ['percent-encoded', encodeURIComponent(value)],
    [
      'percent-encoded with small digits',
      encodeURIComponent(value).replace(/%../g, (hex) => hex.toLowerCase()),
    ],
    [
      'percent-encoded but for the slash',
      encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('!', '%21'),
    ],
    ['percent-encoded as latin1', 'p~ss%20w%2Frd%22%FC%2B%5C%21%E9'],
    ['in Base64', utf8.toString('base64')],
    ['in Base64 as latin1', latin1.toString('base64')],
    ['in base64url', utf8.toString('base64url')],
    ['in Base64 inside a URL', encodeURIComponent(utf8.toString('base64'))],
    ['as a form writes it', new URLSearchParams({ x: value }).toString().slice(2)],
    ['as the bytes of its UTF-8', JSON.stringify(utf8.toString('latin1')).slice(1, -1)],
  ])('cuts a value out %s', (_, form) => {
    expect(scrubberOf(value).scrub(`before ${form} after`)).toMatch(/^before \[secret\].{0,4} after$/)
  })

  it.each(['u', 'us', 'use', 'user'])('cuts a password out of Basic for the user %j', (user) => {
    const header = Buffer.from(`${user}:hunter2hunter2`).toString('base64')
    const scrubbed = scrubberOf('hunter2hunter2').scrub(`Basic ${header}`)
    expect(scrubbed).toContain('[secret]')
    // What is left of the Base64 is the user's name and the edges.
    expect(
      Buffer.from(scrubbed.replace('Basic ', '').replace('[secret]', ''), 'base64').toString('latin1'),
    ).not.toContain('hunter2')
  })

  property.prop([fc.string({ minLength: 6, maxLength: 40 }), fc.string(), fc.string()])(
    'leaves nothing of a value, wherever it stands in a line of JSON',
    (secret, before, after) => {
      fc.pre(!'[secret]'.includes(secret))
      const line = JSON.stringify({ path: before + secret + after })
      const inside = JSON.stringify(secret).slice(1, -1)
      expect(scrubberOf(secret, 'another value').scrub(line).replaceAll('[secret]', '')).not.toContain(inside)
    },
  )

  property.prop([
    fc.string({ unit: 'binary', minLength: 6, maxLength: 120 }),
    fc.constantFrom('', 'u', 'us', 'user'),
  ])('finds a value of any length in every spelling', (secret, user) => {
    const scrubber = scrubberOf(secret)
    const wellFormed = secret.isWellFormed()
    const forms = [
      JSON.stringify(secret).slice(1, -1),
      ...(wellFormed ? [encodeURIComponent(secret)] : []),
      Buffer.from(`${user}${secret}`).toString('base64url'),
      Buffer.from(`${user}${secret}`, 'latin1').toString('base64'),
    ]
    for (const form of forms) {
      if (form.length < 12) continue
      // At most the edge of a group of Base64 stays, which the neighbouring characters share.
      const left = scrubber.scrub(form).replaceAll('[secret]', '')
      expect(left.length).toBeLessThan(Math.ceil((user.length * 4) / 3) + 6)
    }
  })

  it('leaves a line alone that holds no value', () => {
    const line = '{"level":"info","path":"/me"}'
    expect(scrubberOf(value, 'hunter2hunter2').scrub(line)).toBe(line)
  })

  it('does not search for values so short that harmless words hold them', () => {
    expect(scrubberOf('info', '1').scrub('{"level":"info"}')).toBe('{"level":"info"}')
  })

  it('prefers the longer of two values that begin alike', () => {
    expect(scrubberOf('abcdefgh', 'abcdefghijkl').scrub('x abcdefghijkl y')).toBe('x [secret] y')
  })

  it('keeps the newest 2,048 values, and finds each of them', () => {
    const values = Array.from({ length: 2500 }, (_, index) => `value-number-${index}-end`)
    const scrubber = scrubberOf(...values)
    const missed = values.slice(-2048).filter((each) => scrubber.scrub(each) !== '[secret]')
    expect(missed).toEqual([])
    expect(scrubber.scrub('value-number-0-end')).toBe('value-number-0-end')
  })

  it('keeps its memory when long values rotate, and finds the newest of them', () => {
    const script = `
      const { Scrubber } = await import(${JSON.stringify(import.meta.resolve('./scrubber.ts'))})
      const { Secret } = await import(${JSON.stringify(import.meta.resolve('../secret.ts'))})
      const scrubber = new Scrubber()
      const valueOf = (number) => String(number).padStart(4096, 'token')
      const heap = () => (gc(), process.memoryUsage().heapUsed)
      const before = heap()
      for (let number = 0; number < 20_000; number++) scrubber.add(new Secret(valueOf(number)))
      const found = scrubber.scrub(encodeURIComponent(valueOf(19_999)))
      console.log(JSON.stringify({ grownMiB: (heap() - before) / 2 ** 20, found }))`
    const child = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    const { grownMiB, found } = JSON.parse(child.stdout)
    expect(found).toBe('[secret]')
    expect(grownMiB).toBeLessThan(16)
  })
})
