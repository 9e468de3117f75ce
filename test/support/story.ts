import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { CommandLine } from './command-line.ts'

/** One command and what it must end with. A text is compared whole, an object as the JSON document with its fields. */
export interface Step {
  readonly run: readonly string[]
  /** Comes after this, done to what is outside. */
  readonly after?: () => unknown
  readonly stdin?: string
  readonly env?: NodeJS.ProcessEnv
  readonly status?: number
  readonly stdout?: string | RegExp | object
  readonly stderr?: string | RegExp
  /** This one is made for printing a value. */
  readonly reveals?: true
}

/**
 * Runs commands one after the other, each a process of its own on one fresh state folder. Whatever they print and leave on
 * disk is then searched for the secrets, in the spellings that they travel in.
 */
export async function story(secrets: readonly string[], steps: readonly Step[]): Promise<CommandLine> {
  const cli = new CommandLine()
  // So that the three lines of the first use stand in no expectation.
  await cli.run(['session', 'list'])
  const spellings = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ])
  for (const step of steps) {
    const name = `hallpass ${step.run.join(' ')}`
    await step.after?.()
    const ended = await cli.run(step.run, { stdin: step.stdin ?? '', env: step.env ?? {} })
    expect({ name, status: ended.status, stderr: ended.stderr }).toMatchObject({
      name,
      status: step.status ?? 0,
    })
    check(`stdout of ${name}`, ended.stdout, step.stdout)
    check(`stderr of ${name}`, ended.stderr, step.stderr)
    for (const spelling of spellings) {
      expect(name).not.toContain(spelling)
      expect(ended.stderr).not.toContain(spelling)
      if (!step.reveals) expect(ended.stdout).not.toContain(spelling)
    }
  }
  for (const file of filesBelow(cli.folder)) {
    const text = readFileSync(file, 'latin1')
    for (const spelling of spellings)
      expect({ file, found: text.includes(spelling) }).toEqual({ file, found: false })
  }
  return cli
}

function check(what: string, found: string, expected: string | RegExp | object | undefined): void {
  if (expected === undefined) return
  if (expected instanceof RegExp) expect(found, what).toMatch(expected)
  else if (typeof expected === 'string') expect(found, what).toBe(expected)
  else expect(JSON.parse(found), what).toMatchObject(expected)
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}
