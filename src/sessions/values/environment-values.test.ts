import { beforeEach, describe, expect, it } from 'vitest'
import { EnvironmentValues } from './environment-values.ts'

const definition = { kind: 'bearer', fromEnv: 'API_TOKEN' }
let env: NodeJS.ProcessEnv
let values: EnvironmentValues
beforeEach(() => {
  env = {}
  values = new EnvironmentValues(env, 1000)
})
const read = () => values.of('api', definition)?.read(undefined)

describe('a value in a variable', () => {
  it('is read at each use, and the stamp changes with it', async () => {
    expect(await read()).toMatchObject({ lacking: expect.stringContaining('API_TOKEN is not set') })
    let before = values.stamp()
    for (const token of ['first', 'second']) {
      env.API_TOKEN = token
      expect(values.stamp()).not.toBe(before)
      before = values.stamp()
      expect(before).not.toContain(token)
      expect(await read()).toMatchObject({ secret: { token } })
    }
  })

  it('lives from when the session was opened, if its JSON says how long', async () => {
    env.API_TOKEN = JSON.stringify({ access_token: 'a', expires_in: 60 })
    for (let n = 0; n < 2; n++) expect(await read()).toMatchObject({ freshness: { expiresAt: 61_000 } })
  })

  it('is named in the reason without a word of it', async () => {
    env.API_TOKEN = 'two words'
    expect(JSON.stringify(await read())).toMatch(/the variable API_TOKEN is not usable/)
    expect(JSON.stringify(await read())).not.toContain('two words')
  })

  it('is none of a credential with another source', () => {
    expect(values.of('api', { kind: 'bearer' })).toBeUndefined()
    expect(() => values.of('api', definition)?.parse('typed', 0)).toThrow(/has no value of its own/)
  })
})
