import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { CommandLine } from '../support/command-line.ts'

export const cookieUrl = 'https://app.example.com/'
export const cookieValue = 'cookie-value-93c1'
export const tokenValue = 'token-value-5d20'

const noKeyring = { HALLPASS_NO_KEYRING: '1' }
const template = mkdtempSync(join(tmpdir(), 'hallpass-template-'))
let filled: Promise<void> | undefined
afterAll(() => rmSync(template, { recursive: true, force: true }))

/** A command line whose default session holds the cookie `sid` and the token `api`: copied, which is faster than made by commands. */
export async function filledHome(): Promise<CommandLine> {
  filled ??= fill()
  await filled
  const cli = new CommandLine()
  cpSync(template, cli.home, { recursive: true })
  // The copy has the modes of the files alone.
  for (const entry of readdirSync(cli.home, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o700)
  }
  chmodSync(cli.home, 0o700)
  return cli
}

async function fill(): Promise<void> {
  const hallpass = await openHallpass({ home: template, env: noKeyring })
  await hallpass.saveCookies(cookieUrl, [`sid=${cookieValue}; Secure; HttpOnly; Max-Age=90000`])
  await hallpass.saveTokens('api', { kind: 'bearer', hosts: ['api.example.com'] }, tokenValue)
}

/** Both secrets come out as they went in. */
export async function expectReadable(cli: CommandLine, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const session = await (await openHallpass({ home: cli.home, env: { ...noKeyring, ...env } })).session()
  expect((await session.credentials.get('api')).value?.reveal()).toBe(tokenValue)
  expect((await session.cookies.find(cookieUrl, 'sid'))?.value).toBe(cookieValue)
}
